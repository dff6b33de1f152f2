"""What is made of a deployment's answers. Pure."""
