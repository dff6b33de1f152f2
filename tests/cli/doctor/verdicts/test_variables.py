"""cli.doctor.verdicts.variables: forms, slips of the pen, and what does not suit the place."""

from cli.doctor.verdicts.variables import advice, form, misspelt


def test_a_good_form_names_what_is_set() -> None:
    """Names and no values; nothing set is said, too."""
    assert form("gateway", ["PORT", "LIMITS"], [])[0].found == "good: PORT, LIMITS"
    assert form("gateway", [], [])[0].colour == "green"


def test_each_wrong_variable_has_its_line() -> None:
    """Red, with the reason, and the service it is for."""
    found = form("gateway", ["PORT"], [("PORT", "is no number"), ("LIMITS", "is on or off")])

    assert [one.name for one in found] == ["PORT (gateway)", "LIMITS (gateway)"]
    assert {one.colour for one in found} == {"red"}
    assert found[0].found == "PORT is no number"


def test_a_slip_of_the_pen_is_found() -> None:
    """What is nearly one of ours is most likely meant; what is short or far is somebody else's."""
    names = ["COHERE_APIKEY", "PORTS", "KUBERNETES_SERVICE_HOST", "COHERE_API_KEY"]
    found = misspelt(names, {"COHERE_API_KEY", "PORT"})

    assert [(one.name, one.colour) for one in found] == [("COHERE_APIKEY", "yellow")]
    assert "COHERE_API_KEY" in found[0].fix


def test_a_space_is_told_what_it_loses() -> None:
    """On a Space: the address of visitors, and what a restart takes."""
    found = advice(on_space=True, hops=0, limits="off", embedded=["DATABASE_URL"])

    assert [one.name for one in found] == ["LIMITS", "TRUSTED_PROXY_HOPS", "what a restart keeps"]
    assert "DATABASE_URL" in found[2].found


def test_elsewhere_nothing_is_said() -> None:
    """A machine of one's own keeps its disk; a Space with everything set lacks nothing."""
    assert advice(on_space=False, hops=0, limits="on", embedded=["DATABASE_URL"]) == []
    assert advice(on_space=True, hops=1, limits="on", embedded=[]) == []
