"""A client's connection: HTTP and the beginning of a WebSocket, and how long it may take."""
