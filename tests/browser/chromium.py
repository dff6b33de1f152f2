"""The browser of these tests: Chromium as the system has it, or as Debian's package brings it.

python -m tests.browser.chromium     see to it that there is one
CHROMIUM=/path/to/it                 use this one
"""

import os
import shutil
import subprocess
import sys

ARGUMENTS = (
    # What a browser does by itself would be refused without a network, again and again.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    # Shared memory is small in containers.
    "--disable-dev-shm-usage",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_PACKAGES = ("chromium", "fonts-noto-core", "fonts-noto-color-emoji")


def found() -> str | None:
    """Return the path of a Chromium, if there is one."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in _NAMES if (path := shutil.which(name))), None)


def main() -> int:
    """Install a Chromium where there is none and this can be done; else say what to do."""
    if found():
        return 0
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        sys.stderr.write(
            "The browser tests need Chromium: install it (Debian: chromium) or set CHROMIUM=path\n"
        )
        return 1
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    sys.stdout.write("Installing Chromium (once) ...\n")
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *_PACKAGES]):
        subprocess.run(
            ["apt-get", "--quiet=2", *command], env=environment, check=True, stdout=subprocess.DEVNULL
        )
    return 0 if found() else 1


if __name__ == "__main__":
    sys.exit(main())
