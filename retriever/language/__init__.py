"""What can be told from a text's own words: terms, sentences, what is asked, what answers. Pure."""
