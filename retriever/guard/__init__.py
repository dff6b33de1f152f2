"""What stands between an answer and a dependency that costs money or fails."""
