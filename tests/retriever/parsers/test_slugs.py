"""Anchors are those that GitHub and mdBook give."""

from retriever.parsers.slugs import Slugs


def test_anchors_of_headings() -> None:
    """Lower case, spaces as dashes, everything else but letters, digits, dash and underscore dropped."""
    slugs = Slugs()
    assert slugs.take("What Is Ownership?") == "what-is-ownership"
    assert slugs.take("Where’s the -> Operator?") == "wheres-the---operator"
    assert slugs.take("Über_uns 2") == "über_uns-2"


def test_repeated_headings_are_numbered() -> None:
    """The second of a name gets -1, also when another heading bears that name already."""
    slugs = Slugs()
    assert [slugs.take(name) for name in ("Usage", "Usage", "Usage 2", "Usage")] == [
        "usage",
        "usage-1",
        "usage-2",
        "usage-2-1",
    ]
    assert slugs.take("Usage-1") == "usage-1-1"
