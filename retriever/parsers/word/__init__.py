"""Word's documents: the package, its styles and lists, its body."""
