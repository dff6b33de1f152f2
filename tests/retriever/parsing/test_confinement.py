"""A confined process stays within its limits for good. Each test confines a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from retriever.parsing.confinement import resident_bytes

ROOT = Path(__file__).parents[3]
BEGIN = """
import os, resource, sys
from retriever.parsing.confinement import allow_cpu, confine
confine(memory_bytes=200 * 2**20, parent=os.getppid())
"""


def run(code: str, begin: str = BEGIN) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", begin + code], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_memory_is_limited() -> None:
    """More memory than allowed is a MemoryError, not a machine that swaps; the limit cannot be lifted."""
    done = run(
        "try: bytearray(300 * 2**20)\n"
        "except MemoryError: print('no')\n"
        "try: resource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40))\n"
        "except (ValueError, PermissionError): print('never')\n"
        "else: print('never' if os.geteuid() == 0 else 'lifted')\n"
    )
    assert done.stdout.split() == ["no", "never"]


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.socket()",
        "import socket; socket.getaddrinfo('localhost', 80)",
        "import subprocess; subprocess.run(['true'])",
        "os.system('true')",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.kill(os.getppid(), 0)",
        "open('/tmp/carrel-confined', 'w').write('x' * 100_000)",
    ],
)
def test_what_parsing_does_not_need_is_refused(code: str) -> None:
    """Sockets, names, programs, signals and files to write are out of reach."""
    done = run(code)
    assert done.returncode == 1
    assert "Error" in done.stderr.splitlines()[-1]


def test_processor_time_is_limited() -> None:
    """A process that nobody ends any more is ended by the kernel; each document has its own allowance."""
    done = run("allow_cpu(100); allow_cpu(0)\nwhile True: pass\n")
    assert done.returncode < 0


def test_an_orphan_does_not_begin() -> None:
    """A process whose parent has died before it began ends at once."""
    done = run("print('began')", begin=BEGIN.replace("os.getppid()", "1 - os.getppid()"))
    assert (done.returncode, done.stdout) == (1, "")


def test_memory_in_use_is_told() -> None:
    """What a process holds is more than nothing and less than all there is."""
    assert 2**20 < resident_bytes() < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
