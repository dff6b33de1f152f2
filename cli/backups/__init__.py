"""Backups: made by command and on schedule, restored by command and at the first start."""
