"""Oversight: looks across packages at what each of them holds."""
