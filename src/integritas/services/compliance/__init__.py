"""The compliance service: screening against watchlists, and decisions by policy."""
