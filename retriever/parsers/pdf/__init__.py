"""PDF: the lines PDFium finds, how they become paragraphs, the document."""
