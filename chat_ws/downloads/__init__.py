"""What a visitor takes home: conversations, and all that is held on one, written as they are read."""
