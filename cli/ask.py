"""``carrel ask``: one question, the answer as it grows, then its numbered sources."""

import sys

import typer

from cli import connection
from cli.settings import CliSettings
from cli.terminal import complain, safe
from cli.transcript import Transcript
from shared.clients.gateway import GatewayClient
from shared.errors import CarrelError, UpstreamUnavailableError

ANSWERED, FAILED, OUT_OF_REACH, REFUSED = 0, 1, 2, 3


def ask(question: str, *, settings: CliSettings, as_json: bool) -> int:
    """Ask ``question`` and print the answer; return the exit code."""
    key = connection.require_key(settings)
    with connection.connect(settings, key=key) as client:
        try:
            client.ready()
        except UpstreamUnavailableError as error:
            complain(connection.out_of_reach(settings, error))
            return OUT_OF_REACH
        except CarrelError:
            pass  # a server that is merely slow may still answer the question
        return show(question, client=client, as_json=as_json, grow=sys.stdout.isatty())


def show(question: str, *, client: GatewayClient, as_json: bool, grow: bool) -> int:
    """Print the answer to ``question``, as it grows or at once; return the exit code."""
    transcript = Transcript()
    grow = grow and not as_json
    try:
        for event in client.answer(question):
            text = transcript.take(event)
            if grow:
                typer.echo(safe(text), nl=False)
    except CarrelError as error:
        if transcript.answer and grow:
            typer.echo()
        complain(error.detail)
        return FAILED
    if as_json:
        typer.echo(transcript.whole().model_dump_json(indent=2))
    else:
        _finish(transcript, shown=grow)
    return _verdict(transcript)


def _finish(transcript: Transcript, *, shown: bool) -> None:
    typer.echo("" if shown else safe(transcript.marked()))
    if transcript.sources:
        typer.echo()
        typer.echo(safe(transcript.bibliography()))


def _verdict(transcript: Transcript) -> int:
    end = transcript.end
    if end.degraded:
        complain(f"degraded, answered without: {', '.join(end.degraded)}")
    if end.status != "completed":
        complain(end.error.message if end.error else f"the answer is {end.status}")
        return FAILED
    if transcript.finish_reason == "refused":
        complain("refused: the documents hold no answer to this")
        return REFUSED
    return ANSWERED
