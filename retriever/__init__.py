"""The retriever: documents in, passages and grounded answers out.

Owns documents, chunks and vectors. Never knows a visitor or a conversation.
"""
