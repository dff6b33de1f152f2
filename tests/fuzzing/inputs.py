"""What a target is fed: seeds that were edited, and words of its own thrown together."""

from hypothesis import strategies as st

from tests.fuzzing.targets import Target

MOST_BYTES = 20_000
Edit = tuple[str, int, bytes]
"""What is done, about where, and with what."""
_HOWS = ("cut", "insert", "replace", "repeat", "remove")


def edited(seed: bytes, edits: list[Edit]) -> bytes:
    """Return ``seed`` after ``edits``."""
    out = seed
    for how, where, piece in edits:
        at = where % (len(out) + 1)
        match how:
            case "cut":
                out = out[:at]
            case "insert":
                out = out[:at] + piece + out[at:]
            case "replace":
                out = out[:at] + piece + out[at + len(piece) :]
            case "repeat":
                out = out[:at] + out[max(0, at - 40) : at] * (1 + len(piece)) + out[at:]
            case _:
                out = out[:at] + out[at + 1 + len(piece) :]
    return out[:MOST_BYTES]


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Return what ``target`` may be fed."""
    seeds = st.sampled_from(target.seeds)
    piece = st.one_of(st.sampled_from(target.words), st.binary(max_size=6))
    edits = st.lists(st.tuples(st.sampled_from(_HOWS), st.integers(0, MOST_BYTES), piece), max_size=8)
    thrown = st.lists(piece, max_size=40).map(b"".join)
    return st.one_of(st.builds(edited, seeds, edits), thrown, st.builds(edited, thrown, edits))
