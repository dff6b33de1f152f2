"""The load: clients whose own cost is not counted."""
