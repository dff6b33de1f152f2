"""Dense vectors: who makes them, and which of them belong to the living index."""
