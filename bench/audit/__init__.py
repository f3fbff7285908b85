"""Measures the audit log beside its peers."""
