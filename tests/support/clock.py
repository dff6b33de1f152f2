"""A clock of the day that is set while programs run: theirs alone, the machine's is left as it is.

What reads the clock through libc is shown another one (``clock.c``, which takes a C compiler).
"""

import mmap
import struct
import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_name("clock.c")


class Clock:
    """The clock of the programs that are started with :attr:`variables`."""

    def __init__(self, folder: Path) -> None:
        library, self._file = folder / "clock.so", folder / "clock"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, _SOURCE, "-ldl"], check=True)
        self._file.write_bytes(bytes(8))
        self.variables = {"LD_PRELOAD": str(library), "CARREL_TEST_CLOCK": str(self._file)}

    def shift(self, seconds: int) -> None:
        """Let it go ahead of the machine's by ``seconds``, from now on."""
        with self._file.open("r+b") as file, mmap.mmap(file.fileno(), 8) as shared:
            struct.pack_into("q", shared, 0, seconds)
