"""Writes the typed clients from the OpenAPI document."""
