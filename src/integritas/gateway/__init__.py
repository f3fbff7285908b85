"""The gateway: HTTP in front of the platform; it authenticates, limits, translates."""
