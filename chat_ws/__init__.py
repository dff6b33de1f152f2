"""The chat service: conversations, messages and runs, and the chat protocol.

Owns DATABASE_URL. Never talks to a model or an index: answers come from the retriever.
"""
