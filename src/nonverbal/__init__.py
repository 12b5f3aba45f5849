"""nonverbal: videos of people talking into data, data into models that talk with face and body."""

__version__ = "0.1.0"
