"""Keeps the lists fresh: who asked for it, what came of it, what is in force."""
