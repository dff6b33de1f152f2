"""Fetching from the web of strangers: which addresses may be connected to, how politely, how much is read."""
