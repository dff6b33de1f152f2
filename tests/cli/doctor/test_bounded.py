"""cli.doctor.bounded: every check is heard, whatever becomes of the others."""

import threading
from collections.abc import Sequence

from cli.doctor.bounded import at_once
from cli.findings import Finding


def test_one_that_fails_and_one_that_hangs_are_lines_of_their_own() -> None:
    """All are told in their order; an error's text, which may hold a secret, is not."""
    never = threading.Event()

    def well() -> Sequence[Finding]:
        return [Finding("g", "well", "green", "fine")]

    def fails() -> Sequence[Finding]:
        raise ValueError("a-secret")

    def hangs() -> Sequence[Finding]:
        never.wait()
        return []

    try:
        found = at_once({"hangs": hangs, "fails": fails, "well": well}, seconds=0.2)
    finally:
        never.set()

    assert [(one.name, one.colour) for one in found] == [
        ("hangs", "red"),
        ("fails", "red"),
        ("well", "green"),
    ]
    assert "ValueError" in found[1].found
    assert "a-secret" not in f"{found}"


def test_they_run_at_the_same_time() -> None:
    """Each waits for the other: one after the other they would not end."""
    both = threading.Barrier(2)

    def meets() -> Sequence[Finding]:
        both.wait(10)
        return [Finding("g", "met", "green", "")]

    assert [one.name for one in at_once({"a": meets, "b": meets}, seconds=20)] == ["met", "met"]
