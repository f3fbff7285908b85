"""Engines behind one protocol: embedded here, others beside it."""
