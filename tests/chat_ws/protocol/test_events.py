from typing import get_args

from chat_ws.protocol import events
from chat_ws.protocol.machine import TABLE, State


def test_every_event_has_its_place() -> None:
    """No event can happen to an open connection that its machine does not know."""
    known = {event for state, event in TABLE if state is State.OPEN}
    assert set(get_args(events.Event)) == known


def test_events_and_commands_are_values() -> None:
    """They compare as data, so that a protocol test can be read."""
    assert events.Close(1000, "bye") == events.Close(1000, "bye")
    assert all(cls.__dataclass_params__.frozen for cls in get_args(events.Event) + get_args(events.Command))
