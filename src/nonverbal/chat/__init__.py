"""Talking with a model in the terminal: typed words in, words and behaviour out, as text and as a film."""
