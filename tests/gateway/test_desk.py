"""What every way through the gateway shares."""

import pytest

from gateway.access import Entry
from gateway.admission import Client
from gateway.app import create_app
from gateway.desk import Desk
from gateway.request import RequestHead
from gateway.routing import Target
from tests.support.gateway_server import ADMIN_KEY, settings


@pytest.fixture
def desk() -> Desk:
    """A gateway's desk."""
    return create_app(settings(chat_url="http://chat:1")).doors.desk


def test_a_sane_id_is_kept_and_any_other_replaced(desk: Desk) -> None:
    """What could break a line or a header is none; ids of our own are never the same."""
    assert desk.sane_id(b"a-1._:Z") == "a-1._:Z"
    ids = {desk.sane_id(given) for given in (b"", b"a b", b"a\nb", b"x" * 129, b"\xff")}
    assert len(ids) == 5
    assert all(desk.sane_id(made.encode()) == made for made in ids)


def test_a_service_is_asked_in_one_head(desk: Desk) -> None:
    """The line as it came, our host for theirs, what the client says, what we say, how the body is framed."""
    said = [(b"host", b"carrel.test"), (b"accept", b"a"), (b"x-api-key", ADMIN_KEY.encode())]
    said.append((b"content-length", b"2"))
    head = RequestHead("PUT", b"/v1/messages/m", b"a=b", version="1.1", headers=said, max_url_bytes=99)
    client = Client("1.2.3.4", "http")
    admitted = desk.admission.admit(head, desk.admission.route(head), client, now=1)
    lines = desk.ask(desk.services[Target.CHAT].pick(), head, admitted, client, request_id=b"r1").split(
        b"\r\n"
    )
    assert lines[:3] == [b"PUT /v1/messages/m?a=b HTTP/1.1", b"host: chat:1", b"accept: a"]
    assert {b"x-forwarded-for: 1.2.3.4", b"x-request-id: r1", b"x-carrel-role: owner"} <= set(lines)
    assert lines[-3:] == [b"content-length: 2", b"", b""]


async def test_what_has_no_method_is_not_counted_as_one(desk: Desk) -> None:
    """A refusal of what could not be read as a request stands under ``other``, not under GET."""
    desk.note(Entry("", "", "", 400, 5, 0.0, 0.0, "r1", ""))
    (family,) = (found for found in desk.traffic.collect() if found.name == "carrel_gateway_requests")
    labels = {"route": "unmatched", "method": "other", "status": "400"}
    assert [(found.labels, found.value) for found in family.samples] == [(labels, 1)]
