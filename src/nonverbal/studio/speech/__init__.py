"""How it is said: voices, times of words and speech sounds, sound."""
