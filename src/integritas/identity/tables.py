"""Tables of identity."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from integritas.platform.columns import (
    METADATA,
    Identifier,
    JsonText,
    UtcTime,
    tenant_column,
)

__all__ = [
    "API_KEYS",
    "EXTERNAL_IDENTITIES",
    "LOGIN_ATTEMPTS",
    "RECOVERY_CODES",
    "REFRESH_TOKENS",
    "SECOND_FACTORS",
    "SESSIONS",
    "TENANTS",
    "USERS",
]

TENANTS: Final = sa.Table(
    "tenants",
    METADATA,
    tenant_column(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)

USERS: Final = sa.Table(
    "users",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("username_key", sa.Text, nullable=False),
    sa.Column("display_name", sa.Text, nullable=False),
    sa.Column("email", sa.Text),
    sa.Column("password_hash", sa.Text),
    sa.Column("roles", JsonText, nullable=False),
    sa.Column("teams", JsonText, nullable=False),
    sa.Column("disabled", sa.Boolean, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("updated_at", UtcTime, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.UniqueConstraint("tenant_id", "username_key"),
)

# Kept by the digest of the name as typed, so that names of nobody count alike.
LOGIN_ATTEMPTS: Final = sa.Table(
    "login_attempts",
    METADATA,
    tenant_column(),
    sa.Column("name_digest", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_at", UtcTime, nullable=False),
    sa.Index(None, "tenant_id", "last_at"),
)

SESSIONS: Final = sa.Table(
    "sessions",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("user_id", Identifier, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("revoked_at", UtcTime),
    sa.Column("revoked_cause", sa.Text),
    sa.Index(None, "tenant_id", "user_id"),
    sa.Index(None, "tenant_id", "expires_at"),
)

REFRESH_TOKENS: Final = sa.Table(
    "refresh_tokens",
    METADATA,
    tenant_column(),
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("session_id", Identifier, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Column("used_at", UtcTime),
    sa.Index(None, "tenant_id", "expires_at"),
)

# The secret is sealed with a key of the state folder: whoever has the database alone
# has no second factor. `last_step` is the newest time step whose code was taken.
SECOND_FACTORS: Final = sa.Table(
    "second_factors",
    METADATA,
    tenant_column(),
    sa.Column("user_id", Identifier, primary_key=True),
    sa.Column("sealed_secret", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("confirmed_at", UtcTime),
    sa.Column("last_step", sa.BigInteger, nullable=False),
)

RECOVERY_CODES: Final = sa.Table(
    "recovery_codes",
    METADATA,
    tenant_column(),
    sa.Column("user_id", Identifier, primary_key=True),
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("used_at", UtcTime),
)

EXTERNAL_IDENTITIES: Final = sa.Table(
    "external_identities",
    METADATA,
    tenant_column(),
    sa.Column("issuer", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("user_id", Identifier, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)

API_KEYS: Final = sa.Table(
    "api_keys",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("prefix", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("owner_id", Identifier),
    sa.Column("scopes", JsonText, nullable=False),
    sa.Column("created_by", Identifier, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime),
    sa.Column("revoked_at", UtcTime),
    sa.UniqueConstraint("tenant_id", "digest"),
    sa.Index(None, "tenant_id", "owner_id"),
)
