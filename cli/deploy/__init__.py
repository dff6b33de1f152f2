"""``carrel deploy``: from a commit to a running Hugging Face Space, and back to the one before."""
