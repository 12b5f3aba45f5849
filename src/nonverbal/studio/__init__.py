"""Synthetic podcasts whose every word, turn, expression and gesture is known."""
