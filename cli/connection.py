"""How a command finds the server and the key that opens it, and waits until it is there.

The key from the data folder is sent to a server on this machine only: a mistyped address gets no secret.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from cli.settings import CliSettings
from cli.supervision import secrets
from cli.supervision.layout import Layout
from cli.terminal import complain
from shared import __version__
from shared.clients.gateway import GatewayClient
from shared.errors import CarrelError
from shared.settings import load, refuse

_ROOT = Path(__file__).resolve().parent.parent
_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})
ALL_WELL, SOME_FAILED, NOTHING_TRIED, INTERRUPTED = 0, 1, 2, 130
"""The exit codes of the commands that change the index."""
_PATIENCE_S = 30.0
_TIMEOUT = httpx.Timeout(120, connect=5)


def settings(url: str | None) -> CliSettings:
    """Read the settings; ``url``, where given, is the server's address."""
    return load(CliSettings, carrel_url=url) if url else load(CliSettings)


def admin_key(settings: CliSettings, *, beside: Path = _ROOT) -> str:
    """Return the owner's key, or an empty string where there is none.

    A relative data folder is looked for here first, then ``beside`` the program, so that the commands
    work from any folder.
    """
    if settings.admin_api_key is not None:
        return settings.admin_api_key.get_secret_value()
    if not is_local(settings):
        return ""
    for folder in dict.fromkeys((settings.data_dir.absolute(), beside / settings.data_dir)):
        if key := _kept_key(folder):
            return key
    return ""


def require_key(settings: CliSettings) -> str:
    """Return the owner's key, or end the command saying where one would have been found."""
    if key := admin_key(settings):
        return key
    if is_local(settings):
        refuse("no admin key found: set ADMIN_API_KEY, or set DATA_DIR to the server's data folder")
    refuse(f"set ADMIN_API_KEY to the admin key of {settings.server}")


@contextmanager
def connect(
    settings: CliSettings,
    *,
    key: str = "",
    bearer: str = "",
    patience_s: float = 10.0,
    pause: Callable[[float], bool] | None = None,
) -> Iterator[GatewayClient]:
    """Give a client of the server; nothing is sent yet."""
    # A proxy from the environment cannot reach this machine's own ports.
    remote = not is_local(settings)
    headers = {"user-agent": f"carrel/{__version__}"}
    try:
        http = httpx.Client(base_url=settings.server, headers=headers, timeout=_TIMEOUT, trust_env=remote)
    except httpx.InvalidURL:
        refuse("CARREL_URL: is not a web address")
    with http:
        yield GatewayClient(http, admin_key=key, bearer=bearer, patience_s=patience_s, pause=pause)


def is_local(settings: CliSettings) -> bool:
    """Return whether the server is on this machine."""
    return urlsplit(settings.server).hostname in _THIS_MACHINE


def patiently(settings: CliSettings, work: Callable[[GatewayClient], int], *, stop: threading.Event) -> int:
    """Do ``work`` as the owner, waiting out a server that restarts; return its exit code.

    ``stop`` breaks the waiting off. A server that does not answer at all is said, and is NOTHING_TRIED.
    """
    key = require_key(settings)
    with connect(settings, key=key, patience_s=_PATIENCE_S, pause=stop.wait) as client:
        try:
            if not client.ready():
                complain("the server is not ready yet; waiting for it")
        except CarrelError as error:
            complain(out_of_reach(settings, error))
            return NOTHING_TRIED
        return work(client)


def out_of_reach(settings: CliSettings, error: CarrelError) -> str:
    """Return what to do when the server does not answer."""
    fix = "start it with `carrel up`, or name another with --url or CARREL_URL"
    return f"{settings.server}: {error.detail[:1].lower()}{error.detail[1:]}; {fix}"


def _kept_key(folder: Path) -> str:
    try:
        return secrets.read(Layout(folder), "ADMIN_API_KEY")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not a key"
        refuse(f"ADMIN_API_KEY: {secrets.path_of(Layout(folder), 'ADMIN_API_KEY')}: {reason}")
