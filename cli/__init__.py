"""The commands of Carrel, one file each, and what starts and watches its processes."""
