"""Third-party models behind small protocols, one file each."""
