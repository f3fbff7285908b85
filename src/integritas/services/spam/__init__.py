"""Tells junk from tips: raw messages in, findings with a verdict and reasons out."""
