"""The command line: ``carrel``. Each command is imported when it is called, so that help comes at once."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import operating
from retriever.parsers.registry import SUFFIXES
from shared import __version__

if TYPE_CHECKING:
    from cli.sources import Wanted

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Carrel answers questions about your documents.",
)

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="The server's address. Else CARREL_URL, else this machine's, on PORT.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"carrel {__version__}")
        raise typer.Exit


@app.callback()
def _carrel(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    from cli.terminal import never_fail_to_encode

    never_fail_to_encode(sys.stdout, sys.stderr)


@app.command("up")
def _up() -> None:
    """Start Carrel in the foreground; Ctrl-C stops it."""
    from cli.up import up

    up()


@app.command("ingest")
def _ingest(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help=f"Files and folders: {' '.join(SUFFIXES)}; .json only by name", show_default=False
        ),
    ],
    prefix: Annotated[str, typer.Option(help="Put before each document's id, with a slash.")] = "",
    base_url: Annotated[
        str, typer.Option(help="Where the documents are published; the path within the folder is added.")
    ] = "",
    url_suffix: Annotated[
        str, typer.Option(help="What .md, .mdx and .rst become in a document's address.")
    ] = ".html",
    metadata: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE", help="Kept with every document; may be repeated.", show_default=False
        ),
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=32, help="Documents sent at once.")] = 4,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Name the files that are skipped.")
    ] = False,
    url: Url = None,
) -> None:
    """Take in documents. What is unchanged is left alone, so it may be repeated at any time.

    A document's id is its path within the folder given, so the same folder gives the same ids.

    Exit code: 0 all well, 1 some failed, 2 nothing could be tried.
    """
    from cli import connection
    from cli.ingest import Options, ingest

    options = Options(
        prefix=_prefix(prefix),
        base_url=_web_address(base_url),
        url_suffix=_unicode(url_suffix, hint="--url-suffix"),
        metadata=dict(_pair(text) for text in metadata or ()),
        concurrency=concurrency,
        verbose=verbose,
    )
    raise typer.Exit(ingest(paths, options, settings=connection.settings(url)))


@app.command("sync")
def _sync(
    source: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS",
            help="Of a sitemap, feed, llms.txt, site, page, archive; an archive's file; a source's name.",
            show_default=False,
        ),
    ],
    kind: Annotated[
        str | None,
        typer.Option(
            help="sitemap, feed, llms_txt, archive or urls; else by the address.", show_default=False
        ),
    ] = None,
    source_id: Annotated[str, typer.Option("--id", help="The source's name; else its host or file.")] = "",
    include: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN", help="Only such paths: /guide/**; may be repeated.", show_default=False
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="No such paths; may be repeated.", show_default=False),
    ] = None,
    every: Annotated[str, typer.Option(help="Sync by itself so often: 30m, 6h, 1d.")] = "",
    url_template: Annotated[
        str,
        typer.Option(
            metavar="TEMPLATE", help="Where an archive's files are published: https://x.org/{stem}.html"
        ),
    ] = "",
    full: Annotated[bool, typer.Option("--full", help="Fetch every page, whatever its dates say.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name the pages that changed.")] = False,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Take in a site, or a repository's archive, and again only what changed. Makes the source where needed.

    What is gone from there goes from the index. The server goes on when this command is interrupted.

    Exit code: 0 all well, 1 some pages or lists failed, 2 nothing could be tried.
    """
    from cli import connection
    from cli.sync import Options, sync

    wanted = _wanted(source, kind, source_id, include or [], exclude or [], every, url_template)
    options = Options(full=full, as_json=as_json, verbose=verbose)
    raise typer.Exit(sync(wanted, options, settings=connection.settings(url)))


@app.command("ask")
def _ask(
    question: Annotated[list[str], typer.Argument(help="The question, quoted or not.", show_default=False)],
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Ask one question; the answer comes with its sources.

    Exit code: 0 answered, 3 refused because the documents hold no answer, 1 failed, 2 server out of reach.
    """
    from cli import connection
    from cli.ask import ask

    text = _unicode(" ".join(question), hint="QUESTION")
    raise typer.Exit(ask(text, settings=connection.settings(url), as_json=as_json))


@app.command("chat")
def _chat(url: Url = None) -> None:
    """Talk: questions and answers in one conversation, which outlives lost connections and restarts.

    /new begins a new conversation, /quit ends, Ctrl-C stops an answer. Piped, each line is a question.

    Exit code: 0 all well, 1 a question got no answer, 2 server out of reach.
    """
    from cli import connection
    from cli.chat import chat

    raise typer.Exit(chat(settings=connection.settings(url)))


@app.command("reindex")
def _reindex(
    watch: Annotated[bool, typer.Option("--watch", help="Begin none; watch the one that is going.")] = False,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Build the index anew beside the living one, which serves until the switch.

    A server does so by itself when its embedding model or the way documents are cut has changed.

    Exit code: 0 switched, 1 the rebuild waits and goes on by itself, 2 not begun.
    """
    from cli import connection
    from cli.reindex import reindex

    raise typer.Exit(reindex(settings=connection.settings(url), as_json=as_json, watch_only=watch))


@app.command("status")
def _status(as_json: AsJson = False, url: Url = None) -> None:
    """Show how the server and everything it needs is.

    Exit code: 0 ok, 1 degraded, 2 down or out of reach.
    """
    from cli import connection
    from cli.status import status

    raise typer.Exit(status(settings=connection.settings(url), as_json=as_json))


@app.command("doctor")
def _doctor(as_json: AsJson = False) -> None:
    """Look whether all is well where this runs: settings, network, database, index, Cohere, disk, clock.

    For before the first start, and for while Carrel runs. Each line is green, yellow or red, with the fix.

    Exit code: 0 no line is red, 1 one is.
    """
    from cli.doctor.command import doctor

    raise typer.Exit(doctor(as_json=as_json))


@app.command("verify")
def _verify(
    address: Annotated[
        str | None,
        typer.Argument(metavar="URL", help="Else CARREL_URL, else this machine's.", show_default=False),
    ] = None,
    key: Annotated[
        str,
        typer.Option(help="The owner's key; else ADMIN_API_KEY, or the data folder's.", show_default=False),
    ] = "",
    commit: Annotated[str, typer.Option(help="The revision that must be running.", show_default=False)] = "",
    origin: Annotated[
        str,
        typer.Option(help="Of a page that must be allowed to call: https://docs.example", show_default=False),
    ] = "",
    hf_token: Annotated[
        str,
        typer.Option(
            help="For a private Space; else HF_TOKEN, which goes to *.hf.space only.", show_default=False
        ),
    ] = "",
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait until it is ready, and of --commit.")
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Look at a running Carrel from outside, by the criteria of a good deployment.

    With the owner's key a small document is put there, asked about, and removed again.

    Exit code: 0 no line is red, 1 one is, 2 nothing was tried.
    """
    from cli import connection
    from cli.verify.command import Wanted, verify

    for text, hint in ((key, "--key"), (commit, "--commit"), (origin, "--origin"), (hf_token, "--hf-token")):
        if not text.isascii():
            raise typer.BadParameter("holds characters that no header can", param_hint=hint)
    wanted = Wanted(key, commit, _origin(origin), hf_token, wait)
    raise typer.Exit(verify(wanted, settings=connection.settings(address), as_json=as_json))


app.command("backup")(operating.backup)
app.command("restore")(operating.restore)
app.command("deploy")(operating.deploy)


def _wanted(
    source: str,
    kind: str | None,
    source_id: str,
    include: list[str],
    exclude: list[str],
    every: str,
    url_template: str,
) -> "Wanted":
    from cli.sources import Wanted, is_id, kind_of, seconds

    if not ("://" in source or is_id(source) or Wanted(source).is_file):
        reason = "is neither an address, nor an archive's file (.tar.gz .tgz .tar .zip), nor a source's name"
        raise typer.BadParameter(reason, param_hint="ADDRESS")
    if source_id and not is_id(source_id):
        raise typer.BadParameter("is made of letters, digits, - and _", param_hint="--id")
    known = kind_of(kind)
    if kind and known is None:
        raise typer.BadParameter("must be sitemap, feed, llms_txt, archive or urls", param_hint="--kind")
    interval_s = seconds(every) if every else None
    if every and interval_s is None:
        raise typer.BadParameter("must be such as 30m, 6h or 1d", param_hint="--every")
    return Wanted(
        _unicode(source, hint="ADDRESS"),
        known,
        source_id,
        tuple(_unicode(pattern, hint="--include") for pattern in include),
        tuple(_unicode(pattern, hint="--exclude") for pattern in exclude),
        interval_s,
        _unicode(url_template, hint="--url-template"),
    )


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = _unicode(text, hint="--metadata").partition("=")
    if not (key and equals):
        raise typer.BadParameter("must be KEY=VALUE", param_hint="--metadata")
    return key, value


def _prefix(text: str) -> str:
    if any(part in (".", "..") for part in text.split("/")):
        raise typer.BadParameter("must not hold . or .. as a part", param_hint="--prefix")
    return _unicode(text, hint="--prefix")


def _web_address(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise typer.BadParameter("must begin with http:// or https://", param_hint="--base-url")
    return _unicode(text, hint="--base-url")


def _origin(text: str) -> str:
    from gateway.settings import normal_origin

    try:
        return normal_origin(text.rstrip("/")) if text else ""
    except ValueError:
        raise typer.BadParameter("must be such as https://docs.example", param_hint="--origin") from None


def _unicode(text: str, *, hint: str) -> str:
    # An argument that is not in the terminal's encoding arrives with lone surrogates.
    if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise typer.BadParameter("is not valid UTF-8", param_hint=hint)
    return text
