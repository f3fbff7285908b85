"""Webhooks: others are told of what happened, signed, in spite of failures."""
