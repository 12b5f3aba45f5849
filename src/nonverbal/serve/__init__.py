"""Pages and interfaces on this machine: dataset viewer, chat, ratings, and an OpenAI-style endpoint."""
