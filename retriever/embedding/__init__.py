"""Dense vectors without anybody's key: a small model that runs in this process."""
