"""The index as a whole: what its vectors are, opening it, building another beside it."""
