"""``carrel verify``: is a running Carrel well, seen from outside? Its modules ask; ``verdicts`` decide."""
