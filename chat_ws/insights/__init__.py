"""What the owner is told of what visitors ask. Keeps nothing of its own."""
