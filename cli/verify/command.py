"""``carrel verify``: looks at a running deployment from outside, so that one thing shows another.

Health comes after the questions: that Cohere refuses a key is known to the retriever once it has asked.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event

import httpx

from cli import connection
from cli.findings import Finding, exit_code, explained
from cli.report import report
from cli.settings import CliSettings
from cli.terminal import complain
from cli.verify import address, api, browser, deployed, health, question
from cli.verify.documents import GENERAL, QUESTION, Probe
from cli.verify.outside import Outside, is_local, on_space
from cli.verify.secrets import KnownSecrets, kept
from cli.verify.verdicts import leaks, run, times
from cli.verify.verdicts.deployed import same_commit
from cli.verify.verdicts.lines import in_order
from shared.settings import load, refuse

PAGES, SEARCHES = 20, 10
"""How often the page is taken and a search is made, for their times."""
_LOOK_S = 3.0


@dataclass(frozen=True)
class Wanted:
    """What is asked of a verification."""

    key: str = ""
    """The owner's."""
    commit: str = ""
    origin: str = ""
    hf_token: str = ""
    """Of a private Space, given for this very address."""
    wait_s: float = 0.0
    """How long is waited for the deployment to be ready, and of ``commit``."""


def verify(wanted: Wanted, *, settings: CliSettings, as_json: bool) -> int:
    """Print how the deployment is; return the exit code."""
    secrets = load(KnownSecrets)
    known = secrets.by_name() | (kept(settings.data_dir.absolute()) if is_local(settings.server) else {})
    own = secrets.hf_token.get_secret_value() if secrets.hf_token else ""
    gate = wanted.hf_token or (own if on_space(settings.server) else "")
    key = wanted.key or connection.admin_key(settings)
    if gate and not (is_local(settings.server) or settings.server.startswith("https://")):
        complain("the token of Hugging Face is sent over https only")
        return 2
    try:
        outside = Outside(settings.server, key=key, gate=gate)
    except httpx.InvalidURL:
        refuse("URL: is not a web address")
    try:
        if wanted.wait_s:
            wait(outside, wanted, pause=Event().wait)
        findings = explained(in_order(examine(outside, wanted, known=known)))
    finally:
        outside.close()
    report(settings.server, findings, in_json=as_json)
    return exit_code(findings)


def wait(outside: Outside, wanted: Wanted, *, pause: Callable[[float], object]) -> bool:
    """Wait until the deployment is ready and of the right commit; return whether it is."""
    deadline = time.monotonic() + wanted.wait_s
    while True:
        ready = outside.ask("GET", "/health/ready").status == 200
        running = str(outside.ask("GET", "/version").told.get("commit", ""))
        if ready and (not wanted.commit or same_commit(wanted.commit, running)):
            return True
        if time.monotonic() + _LOOK_S > deadline:
            return False
        pause(_LOOK_S)


def examine(outside: Outside, wanted: Wanted, *, known: dict[str, str]) -> list[Finding]:
    """Return every finding."""
    findings = list(deployed.check(outside, commit=wanted.commit))
    token, opened = api.open_session(outside)
    findings.append(opened)
    probe = Probe(outside)
    try:
        if outside.key:
            probe.begin()
        degraded = _ask(outside, probe, token, findings)
        findings += _timed(outside, token)
    finally:
        findings.append(probe.end())
        if token:
            outside.ask("DELETE", "/v1/me", token=token)
    findings += health.check(outside, degraded=degraded)
    findings += browser.check(outside, origin=wanted.origin)
    findings.append(address.check(outside))
    findings.append(api.describe(outside))
    findings.append(leaks.verdict(outside.answers, known=known, handed_out=outside.tokens))
    return findings


def _ask(outside: Outside, probe: Probe, token: str, findings: list[Finding]) -> list[str]:
    """Ask the question both ways; return what the answers lacked."""
    content = QUESTION if probe.put else GENERAL
    socket = question.over_socket(outside, content, token=token)
    events = question.over_events(outside, content, token=token)
    findings += [
        run.question(socket.heard),
        run.citations(socket.heard, document_id=probe.id if probe.put else ""),
        run.resume(socket.heard),
        run.stream(events.heard),
        times.verdict(
            "first word", [ms for ms in (socket.first_word_ms, events.first_word_ms) if ms is not None]
        ),
    ]
    return [*socket.heard.degraded, *events.heard.degraded]


def _timed(outside: Outside, token: str) -> Iterator[Finding]:
    pages = [outside.ask("GET", "/") for _ in range(PAGES)]
    # The same words: with Cohere they are embedded once, and nothing is reranked.
    body = {"query": QUESTION, "limit": 5, "rerank": False}
    searches = [outside.ask("POST", "/v1/search", token=token, json=body) for _ in range(SEARCHES)]
    for name, seen in (("page", pages), ("search", searches)):
        good = [one.ms for one in seen if one.status == 200]
        yield times.verdict(name, good, failed=len(seen) - len(good))
