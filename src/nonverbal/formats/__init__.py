"""Motion files: in and out of the formats that other tools use, and as a film."""
