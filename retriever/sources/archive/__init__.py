"""Archives of a repository as a data source: kept, read within bounds, followed."""
