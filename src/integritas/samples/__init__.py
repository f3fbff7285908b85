"""Input for the demo: a seeded generator and a reader of a real data folder."""
