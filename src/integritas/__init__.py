"""Integritas: triage, screen, decide, and prove it afterwards."""
