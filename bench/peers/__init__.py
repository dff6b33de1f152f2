"""The others that are measured beside Carrel, written and configured the usual way."""
