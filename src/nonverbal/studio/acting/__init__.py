"""How it is moved: face, eyes, head, trunk, arms and hands."""
