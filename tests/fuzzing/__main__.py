"""Fuzzing for longer: ``make fuzz MINUTES=10``, or ``python -m tests.fuzzing --target text/html``.

Each target gets an equal part of the time, in a process of its own: with atheris, guided by coverage, where
it is installed; else with hypothesis. What ends badly is kept in ``--found`` and makes the exit code 1.
"""

import argparse
import importlib.util
import subprocess
import sys
import time
from pathlib import Path

SLOW_S = 20
"""An input that takes longer is a fault, too."""
MEMORY_MB = 2_000


def main() -> int:
    """Fuzz what the arguments say; return the exit code."""
    parser = argparse.ArgumentParser(description="Feed the parsers what strangers might send.")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--target", action="append", default=[])
    parser.add_argument("--found", type=Path, default=Path("build/fuzzing"))
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options, rest = parser.parse_known_args()
    if options.inside:
        return _inside(options.inside, seconds=options.minutes * 60, rest=rest)
    from tests.fuzzing.targets import targets

    guided = importlib.util.find_spec("atheris") is not None
    names = options.target or list(targets())
    seconds = options.minutes * 60 / len(names)
    sys.stdout.write(f"{'atheris' if guided else 'hypothesis'}, {seconds:.0f} s each\n")
    failed = [name for name in names if not _outside(name, seconds, options.found, guided=guided)]
    sys.stdout.write(f"failed: {', '.join(failed)}\n" if failed else "nothing found\n")
    return bool(failed)


def _outside(name: str, seconds: float, found: Path, *, guided: bool) -> bool:
    """Run one target in a process of its own; say whether all went well."""
    from tests.fuzzing.targets import targets

    folder = found / name.replace("/", "-").replace(" ", "-")
    seeds = folder / "corpus"
    seeds.mkdir(parents=True, exist_ok=True)
    target = targets()[name]
    for number, seed in enumerate(target.seeds):
        (seeds / f"seed-{number}").write_bytes(seed)
    words = folder / "words"
    # The dictionary's form is libFuzzer's.
    told_bytes = ("".join(rf"\x{byte:02x}" for byte in word) for word in target.words)
    words.write_text("".join(f'"{word}"\n' for word in told_bytes))
    command = [sys.executable, "-m", "tests.fuzzing", "--inside", name, "--minutes", str(seconds / 60)]
    if guided:
        command += [
            *(str(seeds), f"-dict={words}", f"-artifact_prefix={folder}/", f"-max_total_time={seconds:.0f}"),
            *(f"-timeout={SLOW_S}", f"-rss_limit_mb={MEMORY_MB}", "-print_final_stats=1", "-max_len=20000"),
        ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    tail = (done.stdout + done.stderr).splitlines()
    told = [line for line in tail if line.startswith(("stat::number_of_executed", "examples:"))]
    sys.stdout.write(f"{name}: {'well' if done.returncode == 0 else 'FAILED'} {' '.join(told)}\n")
    if done.returncode:
        sys.stdout.write("\n".join(tail[-40:]) + "\n")
    sys.stdout.flush()
    return done.returncode == 0


def _inside(name: str, *, seconds: float, rest: list[str]) -> int:
    if rest:
        return _guided(name, rest)
    from hypothesis import HealthCheck, given, settings

    from tests.fuzzing.inputs import inputs
    from tests.fuzzing.targets import targets

    target, until, count = targets()[name], time.monotonic() + seconds, 0

    @given(inputs(target))
    @settings(max_examples=500, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    def whatever(content: bytes) -> None:
        nonlocal count
        count += 1
        target.run(content)

    while time.monotonic() < until:
        whatever()
    sys.stdout.write(f"examples: {count}\n")
    return 0


def _guided(name: str, arguments: list[str]) -> int:
    import atheris

    from retriever.parsers.registry import PARSERS

    with atheris.instrument_imports(include=["retriever", "docutils", "markdown_it"]):
        from tests.fuzzing.targets import targets

        for kind in PARSERS.values():
            importlib.import_module(f"retriever.parsers.{kind.parser}")
    run = targets()[name].run
    atheris.Setup([sys.argv[0], *arguments], run)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
