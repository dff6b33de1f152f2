"""cli.verify.question: over a real WebSocket that is lost in the middle, and over events."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from cli.verify.outside import Outside
from cli.verify.question import Asked, over_events, over_socket
from tests.support.cli_server import serving
from tests.support.deployment import RUN, TOKEN, Deployment
from tests.support.ports import free_ports


class Chat:
    """Tells a run, and on another connection what of it is asked for; ``lost`` of it are left out then."""

    def __init__(self, run: list[dict[str, Any]], *, lost: int = 0) -> None:
        self.run, self.lost = run, lost
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    def __call__(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        self.headers.append({name.lower(): value for name, value in socket.request.headers.raw_items()})
        try:
            socket.send(json.dumps({"type": "connection-ready"}))
            for text in socket:
                frame = json.loads(text)
                self.asked.append(frame)
                after = frame.get("starting_after", -1)
                for told in self.run:
                    if told.get("sequence_number", 0) > after + self.lost * (after > 0):
                        socket.send(json.dumps(told))
        except ConnectionClosed:
            return


@contextmanager
def chatting(handler: Callable[[ServerConnection], None]) -> Iterator[Outside]:
    with serve(handler, "127.0.0.1", 0, subprotocols=["carrel.v1"]) as server:  # type: ignore[list-item]  # its own type for a name
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        outside = Outside(f"http://127.0.0.1:{server.socket.getsockname()[1]}", gate="hf_token")
        try:
            yield outside
        finally:
            outside.close()
            server.shutdown()
            thread.join()


def test_it_is_dropped_in_the_middle_and_resumed() -> None:
    """Both connections carry the tokens; the second asks for what the first has not told."""
    chat = Chat(RUN)
    with chatting(chat) as outside:
        asked = over_socket(outside, "A question?", token=TOKEN)

    assert asked.heard.numbers == [1, 2, 3, 4, 5]
    assert (asked.heard.dropped_after, asked.heard.resumed, asked.heard.error) == (3, True, "")
    assert asked.first_word_ms is not None
    assert [frame["type"] for frame in chat.asked] == ["message-create", "run-resume"]
    assert chat.asked[1] == {"type": "run-resume", "run_id": "r1", "starting_after": 3}
    assert {headers["authorization"] for headers in chat.headers} == {f"Bearer {TOKEN}"}
    assert {headers["x-hf-authorization"] for headers in chat.headers} == {"Bearer hf_token"}
    assert "Ninety-one" in f"{outside.answers}"


def test_what_is_lost_between_two_connections_is_seen() -> None:
    """A number is missing then."""
    with chatting(Chat(RUN, lost=1)) as outside:
        assert over_socket(outside, "?", token=TOKEN).heard.numbers == [1, 2, 3, 5]


def test_an_error_ends_it() -> None:
    """Nothing is dropped, nothing resumed."""
    error = {"type": "error", "code": "overloaded", "message": "later"}
    with chatting(Chat([error])) as outside:
        heard = over_socket(outside, "?", token=TOKEN).heard

    assert (list(heard.frames), heard.dropped_after, heard.resumed) == ([error], None, False)


def test_silence_ends_in_time() -> None:
    """What came until then is told."""
    with chatting(Chat(RUN[:2])) as outside:
        heard = over_socket(outside, "?", token=TOKEN, patience_s=0.3).heard

    assert (heard.numbers, heard.error) == ([1], "no more came in time")


def test_a_second_connection_that_is_refused_is_told() -> None:
    """The first one's frames are kept."""
    connections: list[ServerConnection] = []
    first = Chat(RUN)

    def once(socket: ServerConnection) -> None:
        connections.append(socket)
        if len(connections) == 1:
            first(socket)

    with chatting(once) as outside:
        heard = over_socket(outside, "?", token=TOKEN).heard

    assert (heard.numbers, heard.dropped_after) == ([1, 2, 3], 3)
    assert heard.error


def test_nobody_there_is_told() -> None:
    """For either way."""
    outside = Outside(f"http://127.0.0.1:{free_ports(1)[0]}")
    found: list[Asked] = [over_socket(outside, "?", token=TOKEN), over_events(outside, "?", token=TOKEN)]
    outside.close()

    assert [list(asked.heard.frames) for asked in found] == [[], []]
    assert all(asked.heard.error for asked in found)


def test_events_are_read_to_their_end() -> None:
    """As frames; what they told is kept."""
    with serving(Deployment()) as url:
        outside = Outside(url)
        asked = over_events(outside, "A question?", token=TOKEN)
        outside.close()

    assert asked.heard.numbers == [1, 2, 3, 4, 5]
    assert asked.first_word_ms is not None
    assert "Ninety-one" in f"{outside.answers}"


def test_a_refused_stream_tells_its_code() -> None:
    """Instead of events there is a problem."""
    refused = httpx.Response(503, json={"code": "overloaded"})
    with serving(Deployment({"POST /v1/messages": refused})) as url:
        outside = Outside(url)
        heard = over_events(outside, "?", token=TOKEN).heard
        outside.close()

    assert heard.error == "HTTP 503 overloaded"
