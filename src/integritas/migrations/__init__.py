"""Alembic migrations, run by the platform itself (`integritas db migrate`)."""
