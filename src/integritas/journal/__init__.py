"""The append-only record of every change: the spine of the platform and its outbox."""
