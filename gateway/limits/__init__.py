"""How much of everything there may be: rates and places."""
