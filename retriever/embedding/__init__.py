"""What turns text into dense vectors, one file per place where that is done."""
