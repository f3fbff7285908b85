"""The services: each answers one question about evidence, purely and in batches."""
