"""Docker and its like, as far as building and trying an image needs them.

What is peculiar to a machine goes in by environment, so that nothing of one is written down here:

    IMAGE             the image's name (carrel:dev)
    IMAGE_BUILDER     docker, podman or buildah (the first that works)
    IMAGE_RUNNER      docker or podman (the first that works)
    IMAGE_FLAGS       options of podman and buildah before the command, such as --root, --runroot
    IMAGE_BUILD_FLAGS more options of build, such as --isolation, --network, --volume
    IMAGE_RUN_GLOBAL  options before run, such as --runtime
    IMAGE_RUN_FLAGS   more options of run, such as --network host, --ulimit
"""

import json
import secrets
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

# Run by the container's own Python: what each process holds, in KiB. Pss counts shared pages once.
_PROCESSES = """
import json, os, pathlib
found = []
for entry in pathlib.Path("/proc").iterdir():
    if not entry.name.isdigit() or int(entry.name) == os.getpid():
        continue
    try:
        status = dict(line.split(":", 1) for line in (entry / "status").read_text().splitlines())
        rollup = (entry / "smaps_rollup").read_text().splitlines()
        pss = next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        command = (entry / "cmdline").read_bytes().replace(b"\\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        continue
    found.append({"pid": int(entry.name), "parent": int(status["PPid"]), "uid": int(status["Uid"].split()[0]),
                  "rss": int(status["VmRSS"].split()[0]), "pss": pss, "command": command})
print(json.dumps(found))
"""


class ImageError(Exception):
    """The image cannot be built or run here, or does not do what it must."""


@dataclass(frozen=True)
class Knobs:
    """What this machine needs."""

    image: str = "carrel:dev"
    builder: str = ""
    runner: str = ""
    flags: Sequence[str] = ()
    build_flags: Sequence[str] = ()
    run_global: Sequence[str] = ()
    run_flags: Sequence[str] = ()

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Knobs":
        """Return the knobs that ``environment`` sets."""
        return cls(
            image=environment.get("IMAGE") or "carrel:dev",
            builder=environment.get("IMAGE_BUILDER", ""),
            runner=environment.get("IMAGE_RUNNER", ""),
            flags=shlex.split(environment.get("IMAGE_FLAGS", "")),
            build_flags=shlex.split(environment.get("IMAGE_BUILD_FLAGS", "")),
            run_global=shlex.split(environment.get("IMAGE_RUN_GLOBAL", "")),
            run_flags=shlex.split(environment.get("IMAGE_RUN_FLAGS", "")),
        )

    def command(self, tool: str) -> list[str]:
        """Return ``tool`` with the options that come before its command."""
        return [tool, *(self.flags if tool != "docker" else ())]

    @property
    def shares_the_network(self) -> bool:
        """Whether the container has this machine's ports instead of its own."""
        return "host" in self.run_flags or "--network=host" in self.run_flags


@dataclass
class Container:
    """A running container of the image."""

    engine: list[str]
    name: str
    url: str
    admin_key: str = field(repr=False)

    def execute(self, *command: str) -> str:
        """Run ``command`` inside and return what it printed."""
        return output([*self.engine, "exec", self.name, *command])

    def logs(self) -> str:
        """Return what it has logged so far."""
        done = subprocess.run([*self.engine, "logs", self.name], capture_output=True, check=True)
        return (done.stdout + done.stderr).decode("utf-8", "surrogateescape")

    def processes(self) -> list[dict[str, Any]]:
        """Return every process inside but the one that looks: pid, parent, uid, rss, pss, command."""
        found: list[dict[str, Any]] = json.loads(self.execute("python3", "-c", _PROCESSES))
        return found

    def stop(self, *, within_s: int) -> None:
        """Ask it to end, and kill it after ``within_s`` seconds."""
        output([*self.engine, "stop", "--time", str(within_s), self.name])

    def exit_code(self) -> int | None:
        """Return what it ended with, or nothing while it runs."""
        state = json.loads(output([*self.engine, "inspect", self.name]))[0]["State"]
        return None if state["Running"] else int(state["ExitCode"])


@contextmanager
def running(knobs: Knobs, *options: str, **variables: str) -> Iterator[Container]:
    """Run the image with more ``options`` of run and ``variables``; afterwards nothing is left of it."""
    engine = engine_of(knobs)
    name, admin_key = f"carrel-test-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    ports = {variable: str(_free_port()) for variable in ("PORT", "RETRIEVER_PORT", "CHAT_PORT")}
    if knobs.shares_the_network:
        variables = ports | variables
    else:
        options = (*options, f"--publish=127.0.0.1:{ports['PORT']}:7860")
    told = [
        f"--env={variable}={value}" for variable, value in (variables | {"ADMIN_API_KEY": admin_key}).items()
    ]
    command = [
        *engine,
        *knobs.run_global,
        "run",
        "--detach",
        "--name",
        name,
        *told,
        *knobs.run_flags,
        *options,
    ]
    try:
        output([*command, knobs.image])
        yield Container(engine, name, f"http://127.0.0.1:{ports['PORT']}", admin_key)
    except BaseException:
        logs = [*engine, "logs", "--tail", "60", name]
        say(
            subprocess.run(
                logs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
            ).stdout
        )
        raise
    finally:
        subprocess.run([*engine, "rm", "--force", "--volumes", name], capture_output=True, check=False)


def refused(knobs: Knobs, *options: str) -> tuple[int, str]:
    """Run the image in the foreground, which must end by itself; return its exit code and our lines."""
    engine, name = engine_of(knobs), f"carrel-test-{secrets.token_hex(4)}"
    command = [*engine, *knobs.run_global, "run", "--name", name, *knobs.run_flags, *options, knobs.image]
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60
        )
    except subprocess.TimeoutExpired:
        raise ImageError("it runs on where it should have ended") from None
    finally:
        subprocess.run([*engine, "rm", "--force", "--volumes", name], capture_output=True, check=False)
    ours = [line for line in done.stdout.splitlines() if not line.startswith("time=")]
    return done.returncode, "\n".join(ours).strip()


@contextmanager
def volume(knobs: Knobs) -> Iterator[str]:
    """A volume of its own, by name."""
    engine, name = engine_of(knobs), f"carrel-test-{secrets.token_hex(4)}"
    output([*engine, "volume", "create", name])
    try:
        yield name
    finally:
        subprocess.run([*engine, "volume", "rm", "--force", name], capture_output=True, check=False)


def engine_of(knobs: Knobs) -> list[str]:
    """Return the runner with its options."""
    return knobs.command(first_that_works(knobs.runner, "docker", "podman"))


def first_that_works(asked: str, *known: str) -> str:
    """Return the tool to use: the one ``asked`` for, else the first of ``known`` that works here."""
    tools = [asked] if asked else known
    for name in tools:
        # The docker client alone is not enough: its daemon must answer.
        if shutil.which(name) and (name != "docker" or _succeeds([name, "info"])):
            return name
    raise ImageError(f"needs one of {', '.join(tools)}, and none works here")


def output(command: list[str]) -> str:
    """Return what ``command`` printed.

    Raises
    ------
    ImageError
        If it failed, with what it said.
    """
    done = subprocess.run(command, capture_output=True, text=True, errors="surrogateescape", check=False)
    if done.returncode:
        raise ImageError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip() or done.stdout}")
    return done.stdout


def say(text: str) -> None:
    """Print ``text``, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
