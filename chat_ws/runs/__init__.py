"""Runs: each answer is a task of the server, its turn, its frames as they are told, its end in the store."""
