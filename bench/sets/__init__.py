"""Further sets for judging retrieval, made from what stands on a machine."""
