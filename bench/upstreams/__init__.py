"""What stands behind every proxy that is measured; its cost is not counted."""
