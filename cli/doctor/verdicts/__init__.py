"""What the doctor makes of what its probes found. Pure."""
