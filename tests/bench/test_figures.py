"""Which samples count, and what is concluded from them."""

from bench.figures import Results, Sample, Spread, percentile


def results(*samples: Sample) -> Results:
    found = Results()
    for sample in samples:
        found.add("GET c=1", "carrel", sample)
    return found


def test_the_median_stands_between_the_lowest_and_the_highest() -> None:
    """A figure is its median over the repetitions, with the range beside it."""
    found = results(*(Sample({"cpu_us": value}, util=0.5) for value in (30.0, 10.0, 20.0)))

    assert found.spread("GET c=1", "carrel", "cpu_us") == Spread(20.0, 10.0, 30.0)
    assert found.spread("GET c=1", "carrel", "kb") is None
    assert found.spread("GET c=1", "nginx", "cpu_us") is None


def test_a_sample_with_errors_or_of_an_idle_process_is_discarded_and_said() -> None:
    """What failed, or was answered by somebody else, is in no median, and never silently so."""
    found = results(
        Sample({"cpu_us": 1.0}, errors=2, util=0.9),
        Sample({"cpu_us": 0.1}, util=0.01),
        Sample({"cpu_us": 20.0}, util=0.9),
        Sample({"cpu_us": 20.0}),
    )

    assert found.spread("GET c=1", "carrel", "cpu_us") == Spread(20.0, 20.0, 20.0)
    assert list(found.discarded()) == [
        "GET c=1, carrel, repetition 1: 2 errors",
        "GET c=1, carrel, repetition 2: util 0.010",
    ]


def test_errors_and_the_worst_are_told_of_discarded_samples_too() -> None:
    """A claim of no errors is about everything that was measured."""
    found = results(Sample({"merged": 3.0}, errors=2), Sample({"merged": 1.0}, errors=1), Sample({}))

    assert found.errors("GET c=1", "carrel") == 3
    assert found.errors("GET c=1", "nginx") is None
    assert found.worst("GET c=1", "carrel", "merged") == 3.0
    assert found.worst("GET c=1", "nginx", "merged") == 0.0


def test_everything_is_kept_for_a_file() -> None:
    """The file holds every sample, by cell and candidate, in the order of measuring."""
    found = results(Sample({"cpu_us": 1.0, "rate": 2.0}, util=0.5))
    found.add("GET c=1", "nginx", Sample({}))

    assert found.cells() == {"GET c=1": ["carrel", "nginx"]}
    assert found.figures("GET c=1", "carrel") == ["cpu_us", "rate"]
    assert found.as_json()["GET c=1"]["carrel"] == [{"cpu_us": 1.0, "rate": 2.0, "errors": 0, "util": 0.5}]


def test_a_percentile_is_one_of_the_values() -> None:
    """The 99th percentile of a hundred values is the highest; of none it is 0."""
    assert percentile([float(value) for value in range(100)], 0.99) == 99.0
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([7.0], 1.0) == 7.0
    assert percentile([], 0.5) == 0.0
