"""What is said: topics, exchanges, gestures that go with words."""
