"""``carrel doctor``: is everything well where Carrel is to run? Probes talk; ``verdicts`` decide."""
