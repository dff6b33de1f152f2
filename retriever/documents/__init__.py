"""Documents as they come, as they are kept, and as they are listed and addressed."""
