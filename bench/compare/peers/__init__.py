"""What is run in the others' own environments."""
