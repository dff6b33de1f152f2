"""A bounded memory lets go of what was unused for longest, by number and by weight."""

from retriever.lru import Lru


def test_the_one_unused_for_longest_goes() -> None:
    """Of three in a memory of two the one that was not asked for is gone."""
    kept: Lru[str, int] = Lru(entries=2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c"), len(kept)) == (1, None, 3, 2)


def test_the_weight_is_bounded() -> None:
    """Heavy values push out several light ones; one that is replaced weighs once."""
    kept: Lru[str, str] = Lru(entries=10, weight=10)
    for key in "abc":
        kept.put(key, key, weight=3)
    kept.put("c", "C", weight=4)
    assert (len(kept), kept.weight) == (3, 10)
    kept.put("d", "d", weight=6)
    assert (kept.get("a"), kept.get("b"), kept.get("c"), kept.weight) == (None, None, "C", 10)


def test_what_is_too_heavy_is_not_kept() -> None:
    """It pushes nothing out, but what it was to replace is no longer right."""
    kept: Lru[str, str] = Lru(entries=10, weight=10)
    kept.put("a", "a", weight=5)
    kept.put("b", "b", weight=5)
    kept.put("a", "too much", weight=11)
    assert (kept.get("a"), kept.get("b"), kept.weight) == (None, "b", 5)


def test_what_is_dropped_weighs_nothing() -> None:
    """Nothing stands under its key any more; dropping nothing is harmless."""
    kept: Lru[str, str] = Lru(entries=5, weight=10)
    kept.put("a", "x", weight=4)
    kept.drop("a")
    kept.drop("a")
    assert (kept.get("a"), kept.weight, len(kept)) == (None, 0, 0)
