"""Workflows: definitions as DAGs, runs and steps, and the engine that carries them."""
