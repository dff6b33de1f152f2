"""The others, each in an environment of its own, from the package index that pip is set to use."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.process import CannotMeasureError

ROOM = Path(__file__).parents[2] / ".bench"
PINS = {
    "chainlit": ("chainlit==2.12.0", "openai==3.57.0"),
    "open-webui": ("open-webui==0.12.4",),
}


@dataclass(frozen=True)
class Installed:
    """An environment; ``version`` is that of what it is for."""

    folder: Path
    version: str

    def program(self, name: str) -> Path:
        """Return a command of it."""
        return self.folder / "bin" / name


def installed(name: str, pins: Sequence[str] = (), *, room: Path = ROOM) -> Installed:
    """Return the environment of ``name``; it is made when it is not there, or holds other versions."""
    pins = pins or PINS[name]
    folder = room / name
    mark = folder / ".installed"
    if not mark.is_file() or mark.read_text().split() != list(pins):
        print(f"installing {', '.join(pins)} (once) ...", file=sys.stderr, flush=True)
        pip: list[str | Path] = [
            folder / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        _done([sys.executable, "-m", "venv", folder])
        _done([*pip, *pins])
        mark.write_text("\n".join(pins))
    return Installed(folder, pins[0].partition("==")[2])


def _done(command: Sequence[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise CannotMeasureError(f"{command[0]} failed: {(done.stderr or done.stdout)[-1000:]}")
