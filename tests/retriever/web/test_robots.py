"""robots.txt is honoured, whatever it is like."""

from retriever.web.robots import LONGEST_DELAY_S, MAX_BYTES, Robots


def test_rules_are_those_for_us_else_for_all() -> None:
    """A group that names us wins over the one for everybody."""
    robots = Robots(
        b"User-agent: *\nDisallow: /\n\nUser-agent: carrel\nDisallow: /private/\nCrawl-delay: 3\n"
    )
    assert robots.allows("https://x.org/a")
    assert not robots.allows("https://x.org/private/a")
    assert robots.delay_s == 3.0
    assert not Robots(b"User-agent: *\nDisallow: /\n").allows("https://x.org/")


def test_nothing_forbids_nothing() -> None:
    """No rules, no delay; bytes that are no text are no rules."""
    for content in (b"", b"\xff\xfe\x00" * 50, b"<html>404</html>"):
        robots = Robots(content)
        assert robots.allows("https://x.org/a")
        assert robots.delay_s == 0.0


def test_a_mark_at_the_beginning_is_no_rule() -> None:
    """A byte order mark does not hide the first line."""
    assert not Robots(b"\xef\xbb\xbfUser-agent: *\nDisallow: /\n").allows("https://x.org/a")


def test_a_hostile_file_costs_little() -> None:
    """A delay of years is cut, and thousands of stars in a pattern end."""
    assert Robots(b"User-agent: *\nCrawl-delay: 1e9\n").delay_s == LONGEST_DELAY_S
    assert Robots(b"User-agent: *\nCrawl-delay: nan\n").delay_s == 0.0
    stars = Robots(b"User-agent: *\nDisallow: /" + b"*a" * (MAX_BYTES // 2) + b"$\n")
    assert stars.allows("https://x.org/" + "a" * 1900)


def test_a_rule_that_is_cut_is_none() -> None:
    """What is read ends with a whole line: half a rule would mean something else."""
    head = b"User-agent: *\n#"
    content = head + b"x" * (MAX_BYTES - len(head) - 13) + b"\nDisallow: /private\n"
    assert content[:MAX_BYTES].endswith(b"Disallow: /p"[:12])
    robots = Robots(content)
    assert robots.allows("https://x.org/page")
    assert robots.allows("https://x.org/private")
