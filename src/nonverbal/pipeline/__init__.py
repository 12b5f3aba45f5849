"""Stages, their results on disk, and the engine that runs them."""
