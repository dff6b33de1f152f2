import signal
import threading
from collections import Counter
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from cli.ingest import Options, Tally, ingest, job, put_all
from cli.settings import CliSettings
from cli.walk import Found, walk
from shared.errors import InvalidRequestError, UnauthorizedError
from tests.support.cli_server import Carrel, Handler, fake_client, refused, serving


def folder(root: Path, count: int = 3) -> Path:
    for number in range(count):
        (root / f"{number}.md").write_text(f"# {number}")
    return root


def taken(path: Path, handler: Handler, options: Options | None = None) -> int:
    return put_all(walk([path]), options or Options(), client=fake_client(handler), stop=threading.Event())


def settings(url: str) -> CliSettings:
    return CliSettings(carrel_url=url, admin_api_key=SecretStr("k" * 32))


def test_the_second_time_nothing_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ingesting a folder again says that all of it is unchanged."""
    carrel = Carrel()
    assert taken(folder(tmp_path), carrel) == 0
    assert capsys.readouterr().out == "3 documents: 3 added, 0 replaced, 0 unchanged, 0 failed\n"
    (tmp_path / "1.md").write_text("new")
    assert taken(tmp_path, carrel) == 0
    assert capsys.readouterr().out == "3 documents: 0 added, 1 replaced, 2 unchanged, 0 failed\n"


def test_failures_are_named_with_their_reasons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each failure is a line of standard error, the summary counts them, the exit code is 1."""
    carrel = Carrel()
    (folder(tmp_path) / "loop").symlink_to(tmp_path)

    def handler(request: httpx.Request) -> httpx.Response:
        return (
            refused(InvalidRequestError("it is\nempty")) if "/1.md" in request.url.path else carrel(request)
        )

    assert taken(tmp_path, handler) == 1
    said = capsys.readouterr()
    assert said.out == "4 documents: 2 added, 0 replaced, 0 unchanged, 2 failed\n"
    assert said.err.splitlines() == [
        f"{tmp_path}/1.md: it is empty",
        f"{tmp_path}/loop: a link back to a folder above it",
    ]


def test_skipped_files_are_counted_and_named_on_demand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files of other kinds are in the summary; --verbose names them."""
    (folder(tmp_path, 1) / "a.png").touch()
    taken(tmp_path, Carrel())
    said = capsys.readouterr()
    assert said.out == "1 document: 1 added, 0 replaced, 0 unchanged, 0 failed (1 other file skipped)\n"
    assert said.err == ""
    taken(tmp_path, Carrel(), Options(verbose=True))
    assert capsys.readouterr().err == f"skipped: {tmp_path}/a.png\n"


def test_a_refused_key_means_nothing_could_be_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong key stops the command after the first documents, with 2."""
    carrel = Carrel(documents=refused(UnauthorizedError("the key is wrong")))
    assert taken(folder(tmp_path, 50), carrel) == 2
    said = capsys.readouterr()
    assert "carrel: stopped: the key is wrong" in said.err
    assert "not tried" in said.out


def test_ctrl_c_stops_cleanly_with_what_was_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An interruption ends what is under way, counts it, and leaves the rest."""
    carrel, stop, under_way = Carrel(), threading.Event(), threading.Barrier(3)

    def handler(request: httpx.Request) -> httpx.Response:
        under_way.wait(10)
        assert stop.wait(10)
        return carrel(request)

    def interrupt() -> None:
        under_way.wait(10)
        signal.pthread_kill(main, signal.SIGINT)

    main = threading.get_ident()
    found = walk([folder(tmp_path, 50)])
    thread = threading.Thread(target=interrupt)
    # Whoever runs the tests in the background has them ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        thread.start()
        code = put_all(found, Options(concurrency=2), client=fake_client(handler), stop=stop)
    finally:
        signal.signal(signal.SIGINT, before)
    thread.join()
    assert code == 130
    assert capsys.readouterr().out == (
        "50 documents: 2 added, 0 replaced, 0 unchanged, 0 failed, 48 not tried\n"
    )


def test_a_server_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a server the command ends with 2 and one line that says what to do."""
    assert ingest([folder(tmp_path)], Options(), settings=settings("http://127.0.0.1:9")) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "carrel up" in said.err


@pytest.mark.parametrize("path", ["missing", "empty"])
def test_a_path_without_documents_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    """A path that is none, or holds nothing, ends with 2 and names it."""
    (tmp_path / "empty").mkdir()
    assert ingest([tmp_path / path], Options(), settings=settings("http://127.0.0.1:9")) == 2
    assert path in capsys.readouterr().err


def test_the_whole_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Over a real connection, to a server that says it is not ready yet, every document arrives."""
    carrel = Carrel(health=httpx.Response(503))
    with serving(carrel) as url:
        assert ingest([folder(tmp_path, 9)], Options(), settings=settings(url)) == 0
    assert len(carrel.documents) == 9
    said = capsys.readouterr()
    assert said.out.startswith("9 documents: 9 added")
    assert "not ready" in said.err


def test_what_is_sent_for_a_document() -> None:
    """The id has the prefix, the address has the published suffix, the metadata is everybody's."""
    options = Options(prefix="/book/", base_url="https://x.test/b/", metadata={"lang": "en"})
    made = job(Found(Path("src/a b/c.md"), "a b/c.md"), options)
    assert made.document_id == "book/a b/c.md"
    assert made.url == "https://x.test/b/a%20b/c.html"
    assert made.media_type == "text/markdown"
    assert made.metadata == {"lang": "en"}


@pytest.mark.parametrize(
    ("name", "suffix", "url"),
    [
        ("a.MARKDOWN", ".html", "https://x.test/a.html"),
        ("a.md", "", "https://x.test/a"),
        ("a.md", "/", "https://x.test/a/"),
        ("a.mdx", ".html", "https://x.test/a.html"),
        ("a.rst", ".html", "https://x.test/a.html"),
        ("a.pdf", ".html", "https://x.test/a.pdf"),
        ("a.ipynb", ".html", "https://x.test/a.ipynb"),
        ("a.htm", ".php", "https://x.test/a.htm"),
        ("a.txt", ".php", "https://x.test/a.txt"),
    ],
)
def test_only_what_a_site_is_built_from_changes_its_suffix(name: str, suffix: str, url: str) -> None:
    """What is published as it is keeps its name."""
    options = Options(base_url="https://x.test", url_suffix=suffix)
    assert job(Found(Path(name), name), options).url == url


def test_without_a_base_there_is_no_address() -> None:
    """A document has an address only when one was given, and an id without a stray slash."""
    made = job(Found(Path("a.md"), "a.md"), Options(prefix="/"))
    assert (made.url, made.document_id) == ("", "a.md")


def test_the_summary_hides_nothing() -> None:
    """What was not tried is in the summary."""
    tally = Tally(5, outcomes=Counter(created=1, unchanged=1), failures=[("a", "b")])
    assert tally.summary(skipped=2) == (
        "5 documents: 1 added, 0 replaced, 1 unchanged, 1 failed, 2 not tried (2 other files skipped)"
    )
