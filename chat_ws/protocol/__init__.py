"""The chat protocol: what one connection may do, as a machine, and the two transports that carry it out."""
