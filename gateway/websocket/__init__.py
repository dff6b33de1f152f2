"""WebSockets: the handshake with the service, then two connections joined."""
