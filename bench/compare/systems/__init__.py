"""The systems that are compared: how each is started, asked as its own page asks, and ended."""
