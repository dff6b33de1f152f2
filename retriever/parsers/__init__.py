"""One file per media type; each turns a document into the one structure of ``structure``.

Pure: text in, structure out. Nothing here reads a file or an address.
"""
