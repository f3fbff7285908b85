"""Tenants, users, API keys and sessions; who may do what."""
