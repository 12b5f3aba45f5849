"""The whole way in one command: from a video to a model that talks."""
