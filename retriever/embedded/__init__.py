"""The Qdrant engine in this process: the default, until QDRANT_URL is set."""
