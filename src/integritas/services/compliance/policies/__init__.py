"""Policies: what they may say, who publishes them, which one is in force."""
