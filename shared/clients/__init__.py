"""The only ways one part of Carrel calls another."""
