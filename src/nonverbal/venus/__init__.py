"""Videos into dialogues: the stages of the VENUS pipeline, one a file."""
