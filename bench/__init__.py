"""Measurements: what Carrel's parts cost, beside those of others, on the machine at hand."""
