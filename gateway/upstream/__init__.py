"""Connections to a service: one, an answer on it, a pool of them, whether it is asked at all."""
