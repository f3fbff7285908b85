"""Pure types every package shares; imports nothing else of Integritas."""
