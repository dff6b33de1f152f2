"""The chat service's HTTP routes and its WebSocket, by concern: model in, one call, model out."""
