"""Data sources: where documents come from, and how the index follows them."""
