"""``python -m nonverbal`` is the same as ``nonverbal``."""

from nonverbal.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
