"""The only door: who is asking, may they, which service answers, and the chat page.

Owns the public port, identity, origins, limits and the route table. Never touches a database or a model.
"""
