"""cli.verify.verdicts.times: percentiles and what they mean."""

import pytest

from cli.findings import Colour
from cli.verify.verdicts.times import percentile, verdict


def test_percentiles_are_values_that_were_measured() -> None:
    """By the nearest rank."""
    values = [float(value) for value in range(20, 0, -1)]

    assert percentile(values, 0.5) == 10
    assert percentile(values, 0.95) == 19
    assert percentile([7.0], 0.95) == 7
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)


@pytest.mark.parametrize(
    ("values", "failed", "colour"),
    [
        ([10.0] * 20, 0, "green"),
        ([1500.0], 0, "yellow"),
        ([4000.0], 0, "red"),
        ([10.0], 1, "red"),
        ([], 3, "red"),
    ],
)
def test_the_page(values: list[float], failed: int, colour: Colour) -> None:
    """A second is well, three are not; a request that fails is red."""
    assert verdict("page", values, failed=failed).colour == colour
