"""``python -m tests.support.pure_coverage [MODULE ...]``: each pure module covered by its own test file."""

import os
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[2]


def measure(module: str) -> str:
    """Return what is wrong with the coverage of ``module``, or an empty string."""
    path = Path(module)
    tests = Path("tests") / path.parent / f"test_{path.name}"
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"COVERAGE_FILE": f"{folder}/coverage"}
        coverage = [sys.executable, "-m", "coverage"]
        run = [*coverage, "run", "--branch", f"--include={module}", "-m", "pytest", "-q", str(tests)]
        report = [*coverage, "report", "--fail-under=100", "--show-missing"]
        for command in (run, report):
            done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                return f"{module}\n{done.stdout}{done.stderr}"
    return ""


def main() -> int:
    """Measure every pure module, or those named; return the exit code."""
    pure = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["carrel"]["pure"]
    modules = [module for module in pure if not sys.argv[1:] or module in sys.argv[1:]]
    with ThreadPoolExecutor(2) as pool:
        problems = [problem for problem in pool.map(measure, modules) if problem]
    sys.stdout.write("\n".join(problems))
    sys.stdout.write(f"{len(modules) - len(problems)} of {len(modules)} pure modules fully covered\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
