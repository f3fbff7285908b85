"""Payments judged against the windows of their accounts."""
