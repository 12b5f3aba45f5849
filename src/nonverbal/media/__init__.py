"""Media files into arrays: probing, sound at 16 kHz, pictures on the 25 Hz grid."""
