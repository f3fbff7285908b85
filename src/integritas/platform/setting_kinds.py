"""What settings are made of: addresses, limits written as JSON; and their refusal."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from integritas.kernel.errors import FieldError, InvalidInput

__all__ = [
    "LimitsAddress",
    "OperationLimits",
    "ServiceLimits",
    "ServiceName",
    "database_address",
    "invalid_setting",
]

_LIMIT_STORES: Final = ("redis", "rediss", "valkey", "valkeys", "unix")


def invalid_setting(*errors: FieldError) -> InvalidInput:
    """Return the refusal of settings, an error for each variable that is wrong."""
    return InvalidInput("a setting is not valid", errors=errors)


def database_address(url: str) -> str:
    """Return the address of a database, if it is one that we know."""
    if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
        return url
    if url.startswith("postgresql://"):
        return url
    message = "is neither sqlite:///… nor postgresql://…"
    raise ValueError(message)


def _limits_address(url: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(url.get_secret_value())
        where = parts.path if parts.scheme == "unix" else parts.hostname
        known = parts.scheme in _LIMIT_STORES and bool(where) and parts.port != 0
    except ValueError:  # its text may hold a piece of the password
        known = False
    if not known:
        message = "is no address of a Redis or Valkey"
        raise ValueError(message)
    return url


LimitsAddress: TypeAlias = Annotated[SecretStr, AfterValidator(_limits_address)]

ServiceName: TypeAlias = Literal["spam", "anticorruption", "compliance"]


class OperationLimits(BaseModel):
    """How much of an operation the engine asks at once; what is left out stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_batch: Annotated[int, Field(ge=1, le=100_000)] | None = None
    concurrency: Annotated[int, Field(ge=1, le=1_000)] | None = None
    rate_per_s: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    burst: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class ServiceLimits(BaseModel):
    """How a service in another process is called; what is left out stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timeout_s: Annotated[float, Field(gt=0, le=600)] | None = None
    tries: Annotated[int, Field(ge=1, le=20)] | None = None
    retry_share: Annotated[float, Field(ge=0, le=1)] | None = None
    concurrency: Annotated[int, Field(ge=1, le=1_000)] | None = None
    queue: Annotated[int, Field(ge=0, le=100_000)] | None = None
    trip_after: Annotated[int, Field(ge=1, le=10_000)] | None = None
    rest_s: Annotated[float, Field(gt=0, le=3_600)] | None = None
    hedge_after_s: Annotated[float, Field(gt=0, le=600)] | None = None
