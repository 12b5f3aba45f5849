"""From addresses on the network to media files and a list of them for `nonverbal build`."""
