"""One module per kind of traffic: its load, its cells, what is noted of each."""
