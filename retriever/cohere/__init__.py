"""Cohere, over its SDK's version 2 client: one connection, and the model that ranks, condenses and writes."""
