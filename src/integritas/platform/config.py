"""Settings: environment variables `INTEGRITAS_*`, a `.env` file, secrets as files.

Read once, in bootstrap, and handed on as arguments; no module holds settings of its
own. `make docs` writes docs/reference/settings.md from here.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    SettingsConfigDict,
    SettingsError,
)

from integritas.kernel.errors import FieldError
from integritas.kernel.evidence import EvidenceKind
from integritas.platform.secret_files import SecretFiles, secrets_of
from integritas.platform.setting_kinds import (
    LimitsAddress,
    OperationLimits,
    ServiceLimits,
    ServiceName,
    database_address,
    invalid_setting,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_settings.sources import PydanticBaseSettingsSource

__all__ = [
    "PREFIX",
    "ServiceLimits",
    "ServiceName",
    "Settings",
    "load_settings",
    "secret_fields",
    "unknown_settings",
]

PREFIX: Final = "INTEGRITAS_"
_TESTING: Final = f"{PREFIX}TEST_"  # read by the tests alone
_FIELD: Final = re.compile(r'field "(\w+)"')
_TEN_MIB: Final = 10 * 1024 * 1024


def _same_file(one: str, other: str) -> bool:
    """Say whether two addresses are of one SQLite file, however the paths are put."""
    start = "sqlite:///"
    if not (one.startswith(start) and other.startswith(start)):
        return one == other
    paths = [Path(url.removeprefix(start)).resolve() for url in (one, other)]
    return paths[0] == paths[1]


def _setting(description: str, remedy: str) -> Any:  # noqa: ANN401 - as pydantic's Field
    return Field(description=description, json_schema_extra={"remedy": remedy})


def _default_database(data: dict[str, Any]) -> str:
    return f"sqlite:///{data.get('state_dir', Path('.integritas'))}/integritas.db"


ServiceUrl = Annotated[
    AnyHttpUrl | None,
    _setting(
        "Where this service runs, if not in this process.",
        "write http://host:port, or leave it out to run the service in this process",
    ),
]


class Settings(BaseSettings):
    """All settings. Immutable; made by `load_settings`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
    )

    state_dir: Annotated[
        Path,
        _setting(
            "Folder of what is kept apart from the database: keys, remembered "
            "checkpoints, models, lists, logs.",
            "name a folder that can be written",
        ),
    ] = Path(".integritas")
    database_url: Annotated[
        str,
        AfterValidator(database_address),
        Field(
            default_factory=_default_database,
            repr=False,  # it may hold a password
            description="The database. `sqlite:///file.db` for one process, "
            "`postgresql://user:password@host/name` for several.",
            json_schema_extra={
                "remedy": "write sqlite:///file.db or "
                "postgresql://user:password@host/name",
                "shown_default": "sqlite:///STATE_DIR/integritas.db",
            },
        ),
    ]
    host: Annotated[
        str, _setting("Address to listen on.", "write an address such as 127.0.0.1")
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Field(ge=0, le=65_535),
        _setting(
            "Port to listen on; 0 takes a free one.",
            "write a number between 0 and 65535",
        ),
    ] = 8000
    tls_cert_file: Annotated[
        Path | None,
        _setting(
            "Our certificate (PEM, with what vouches for it): we speak TLS.",
            "name a PEM file; `integritas tls init` makes one for development",
        ),
    ] = None
    tls_key_file: Annotated[
        Path | None, _setting("The key (PEM) of our certificate.", "name a PEM file")
    ] = None
    tls_client_ca_file: Annotated[
        Path | None,
        _setting(
            "Certificates (PEM) of who vouches for callers: without a certificate of "
            "theirs nobody is answered (mTLS). For roles that only the platform calls.",
            "name a PEM file",
        ),
    ] = None
    services_ca_file: Annotated[
        Path | None,
        _setting(
            "Certificates (PEM) of who vouches for the services we call, instead of "
            "the system's.",
            "name a PEM file",
        ),
    ] = None
    services_cert_file: Annotated[
        Path | None,
        _setting("Our certificate (PEM) for the services: mTLS.", "name a PEM file"),
    ] = None
    services_key_file: Annotated[
        Path | None,
        _setting("The key (PEM) of our certificate for the services.", "name a file"),
    ] = None
    trusted_proxies: Annotated[
        str,
        _setting(
            "Addresses or networks of proxies whose X-Forwarded-For is believed, with "
            "commas.",
            "write addresses such as 10.0.0.7,10.1.0.0/16",
        ),
    ] = "127.0.0.1"
    spam_url: ServiceUrl = None
    anticorruption_url: ServiceUrl = None
    compliance_url: ServiceUrl = None
    audit_url: ServiceUrl = None
    service_token: Annotated[
        SecretStr | None,
        _setting(
            "Secret of the platform's processes; with tokens made from it they show "
            "each other who they are.",
            "give every process the same secret, of at least 16 characters",
        ),
    ] = None
    service_timeout_s: Annotated[
        float,
        Field(gt=0, le=600),
        _setting(
            "Seconds a service in another process may take for a batch.",
            "write a number of seconds above 0 and up to 600",
        ),
    ] = 30.0
    service_limits: Annotated[
        dict[ServiceName, ServiceLimits],
        _setting(
            "How services in other processes are called, as JSON: name to timeout_s, "
            "tries, retry_share (retries a call pays for), concurrency and queue "
            "(calls at once, calls that may wait), trip_after (failures in a row) and "
            "rest_s (of the circuit breaker), hedge_after_s (seconds until a second "
            "try beside a slow one; without it, none).",
            'write JSON such as {"spam": {"timeout_s": 5, "concurrency": 4}}',
        ),
    ] = {}
    engine: Annotated[
        Literal["embedded", "temporal"],
        _setting("What runs the workflows.", "write embedded or temporal"),
    ] = "embedded"
    temporal_address: Annotated[
        str,
        Field(pattern=r"^[^\s/]+:\d{1,5}$"),
        _setting(
            "Where Temporal is, for the engine `temporal`.",
            "write host:port, such as 127.0.0.1:7233",
        ),
    ] = "127.0.0.1:7233"
    temporal_namespace: Annotated[
        str,
        Field(min_length=1),
        _setting("Namespace of Temporal.", "name a namespace that exists"),
    ] = "default"
    temporal_task_queue: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9._-]{1,200}$"),
        _setting(
            "Task queue of Temporal; each database has its own.",
            "write a name of letters, digits, dots, hyphens and underscores",
        ),
    ] = "integritas"
    temporal_tls: Annotated[
        bool,
        _setting(
            "Whether to speak TLS with Temporal; a file of certificates or an API key "
            "means that too.",
            "write true or false",
        ),
    ] = False
    temporal_tls_ca_file: Annotated[
        Path | None,
        _setting(
            "Certificates (PEM) of who vouches for Temporal, instead of the system's.",
            "name a PEM file",
        ),
    ] = None
    temporal_tls_cert_file: Annotated[
        Path | None,
        _setting("Our certificate (PEM) for Temporal: mTLS.", "name a PEM file"),
    ] = None
    temporal_tls_key_file: Annotated[
        Path | None,
        _setting("The key (PEM) of our certificate for Temporal.", "name a PEM file"),
    ] = None
    temporal_api_key: Annotated[
        SecretStr | None,
        _setting("API key for Temporal.", "write the key"),
    ] = None
    max_active_runs: Annotated[
        int,
        Field(ge=1, le=1_000_000),
        _setting(
            "Runs the embedded engine holds in memory at once; further ones wait on "
            "disk.",
            "write a number between 1 and 1000000",
        ),
    ] = 10_000
    max_waiting_runs: Annotated[
        int,
        Field(ge=1, le=100_000_000),
        _setting(
            "Runs that may wait to begin; beyond, submitters get 429 with Retry-After.",
            "write a number between 1 and 100000000",
        ),
    ] = 100_000
    run_retention_days: Annotated[
        int | None,
        Field(ge=1, le=36_500),
        _setting(
            "Days after its end a run with its steps is deleted; without it, runs are "
            "kept. The journal and cases stay.",
            "write a number of days between 1 and 36500, or leave it out",
        ),
    ] = None
    retention_days: Annotated[
        dict[EvidenceKind, Annotated[int, Field(ge=1, le=36_500)]],
        _setting(
            "Days after its case was closed that evidence is erased, as JSON: kind to "
            "days; a policy's `retention_days` come first. Kinds left out are kept.",
            'write JSON such as {"message": 365, "payment": 1825}',
        ),
    ] = {}
    operation_limits: Annotated[
        dict[str, OperationLimits],
        _setting(
            "Limits of operations as JSON: name to max_batch, concurrency, rate_per_s "
            "and burst.",
            'write JSON such as {"spam.assess": {"rate_per_s": 50}}',
        ),
    ] = {}
    data: Annotated[
        Path | None,
        _setting(
            "Folder of real data for the demo; without it, everything is generated.",
            "name an existing folder, or leave it out",
        ),
    ] = None
    lists_dir: Annotated[
        Path | None,
        _setting(
            "Folder of watchlists (with `ofac/`, `un/`, `eu/`, `uk/`); without it, "
            "those in the state folder.",
            "name an existing folder, or leave it out",
        ),
    ] = None
    list_sources: Annotated[
        dict[str, dict[str, str]],
        _setting(
            "Where lists are fetched, as JSON: list to file name to address; without "
            "it, the official lists of OFAC, UN, EU and UK.",
            'write JSON such as {"uk": {"list.xml": "https://…"}}',
        ),
    ] = {}
    admin_password: Annotated[
        SecretStr | None,
        _setting(
            "Password of the first administrator; without it, one is generated into "
            "a file of the state folder.",
            "write a password of at least 8 characters",
        ),
    ] = None
    token_algorithm: Annotated[
        Literal["Ed25519", "RS256"],
        _setting(
            "What new signing keys of access tokens sign with. Another one than before "
            "makes a new key at the next start; tokens of the old one stay good until "
            "they expire. The same in all processes of an installation.",
            "write Ed25519 or RS256",
        ),
    ] = "Ed25519"  # noqa: S105 - no secret
    oidc_issuer: Annotated[
        AnyHttpUrl | None,
        _setting(
            "OpenID provider at which users may sign in.",
            "write the issuer's https:// address, or leave it out",
        ),
    ] = None
    oidc_client_id: Annotated[
        str, _setting("What the OpenID provider knows us as.", "write the client's id")
    ] = "integritas"
    oidc_client_secret: Annotated[
        SecretStr | None,
        _setting("Our secret at the OpenID provider.", "write the client's secret"),
    ] = None
    oidc_redirect_url: Annotated[
        AnyHttpUrl | None,
        _setting(
            "Where the OpenID provider sends browsers back to; without it, "
            "/api/v1/auth/oidc/callback on the address we listen on.",
            "write the address that is registered at the provider",
        ),
    ] = None
    oidc_role: Annotated[
        Literal["viewer", "analyst", "reviewer", "auditor"] | None,
        _setting(
            "Role of a user made at the first login with OpenID; without it, only "
            "users who are there already, with the same verified e-mail address, may "
            "come.",
            "write viewer, analyst, reviewer or auditor, or leave it out",
        ),
    ] = None
    audit_origin: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9./_-]{1,200}$"),
        _setting(
            "Name of the audit log; a tenant's log is `ORIGIN/TENANT`. Never change "
            "it once entries exist.",
            "write a name of letters, digits, dots, slashes and hyphens",
        ),
    ] = "integritas.local"
    webhook_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        _setting(
            "Private networks as JSON that webhooks may be sent to, unencrypted too; "
            "all others get them over https at public addresses only.",
            'write JSON such as ["10.20.0.0/16"]',
        ),
    ] = ()
    max_body_bytes: Annotated[
        int,
        Field(ge=1_024, le=1_073_741_824),
        _setting(
            "Largest body of a request, in bytes.",
            "write a number of bytes between 1024 and 1073741824",
        ),
    ] = _TEN_MIB
    body_timeout_s: Annotated[
        float,
        Field(gt=0, le=3_600),
        _setting(
            "Seconds in which the head of a request, then its body, must have come.",
            "write a number of seconds above 0 and up to 3600",
        ),
    ] = 30.0
    cors_origins: Annotated[
        tuple[Annotated[str, Field(pattern=r"^https?://[^\s/*]+$")], ...],
        _setting(
            "Origins of other pages whose scripts may call the API, as JSON.",
            'write JSON such as ["https://workbench.example.org"]; `*` is refused',
        ),
    ] = ()
    rate_limit_per_s: Annotated[
        float | None,
        Field(gt=0, le=1_000_000),
        _setting(
            "Requests a second that a user or key may make in the long run, twice as "
            "many at once; without it, any number.",
            "write a number above 0, or leave it out",
        ),
    ] = None
    address_limit_per_s: Annotated[
        float | None,
        Field(gt=0, le=1_000_000),
        _setting(
            "Requests a second from one address, twice as many at once; without it, "
            "any number.",
            "write a number above 0, or leave it out",
        ),
    ] = None
    login_limit_per_s: Annotated[
        float | None,
        Field(gt=0, le=1_000_000),
        _setting(
            "Requests a second to /auth/… from one address, twenty times as many at "
            "once.",
            "write a number above 0",
        ),
    ] = 10.0
    rate_limit_url: Annotated[
        LimitsAddress | None,
        _setting(
            "Redis or Valkey in which all gateways count requests together, with its "
            "password if it has one; without it, each counts for itself, in memory.",
            "write redis://:PASSWORD@HOST:PORT/0 or valkey://…, with TLS rediss:// or "
            "valkeys://…, or unix:///PATH; or leave it out",
        ),
    ] = None
    rate_limit_timeout_s: Annotated[
        float,
        Field(gt=0, le=10),
        _setting(
            "Seconds to wait for that Redis or Valkey. A request that "
            "waited in vain is counted in memory, and after three in a row all are for "
            "a second.",
            "write a number of seconds above 0 and up to 10",
        ),
    ] = 0.25
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        _setting("Least level that is logged.", "write debug, info, warning or error"),
    ] = "info"
    log_format: Annotated[
        Literal["auto", "json", "console"],
        _setting(
            "Form of log lines; `auto`: `console` on a terminal, else `json`.",
            "write auto, json or console",
        ),
    ] = "auto"

    @property
    def database_chosen(self) -> bool:
        """Say whether the database was named, not taken by default."""
        return "database_url" in self.model_fields_set

    def of_demo(self) -> Settings:
        """Return the demo's settings: unless a database was named, it has its own.

        Its state folder is its own too: a log of the same origin in another database
        would look like a fork of the real one.
        """
        return self if self.database_chosen else self._demo()

    def of_known(self) -> Settings:
        """Return these settings, with the demo's state folder for its database."""
        demo = self._demo()
        return demo if _same_file(self.database_url, demo.database_url) else self

    def _demo(self) -> Settings:
        return self.model_copy(
            update={
                "database_url": f"sqlite:///{self.state_dir}/demo.db",
                "state_dir": self.state_dir / "demo",
            }
        )

    @property
    def lists_folder(self) -> Path:
        """Return the folder of watchlists: the one that was named, else our own."""
        return self.lists_dir or self.state_dir / "lists"

    def service_url(self, service: str) -> str | None:
        """Return the address of a service that runs elsewhere, None if here."""
        url: AnyHttpUrl | None = getattr(self, f"{service}_url")
        return None if url is None else str(url).rstrip("/")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put secrets from `…_FILE` where they stand: the environment first."""
        del file_secret_settings
        secrets = SecretFiles(settings_cls, env_settings, dotenv_settings)
        return init_settings, secrets, env_settings, dotenv_settings


def secret_fields() -> tuple[str, ...]:
    """Return the names of the settings that may come as `…_FILE`."""
    return secrets_of(Settings)


def load_settings(**overrides: Any) -> Settings:  # noqa: ANN401 - any setting
    """Return the settings of this process; `overrides` win over the environment.

    Raises:
        InvalidInput: one field error for each variable that is wrong.
    """
    try:
        return Settings(**overrides)
    except (OSError, UnicodeDecodeError) as error:
        raise invalid_setting(
            FieldError(".env", str(error), "make it a readable file of UTF-8")
        ) from error
    except SettingsError as error:  # one that is written as JSON, and is none
        name = _FIELD.findall(str(error))[0]
        wrong = FieldError(f"{PREFIX}{name.upper()}", "is not JSON", _remedy(name))
        raise invalid_setting(wrong) from error
    except ValidationError as error:
        raise invalid_setting(
            *(_named(item) for item in error.errors(include_url=False))
        ) from error


def unknown_settings(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables that look like settings and are none, sorted."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    known |= {f"{PREFIX}{name}_file".upper() for name in secret_fields()}
    return tuple(
        sorted(
            name
            for name in environment
            if name.upper().startswith(PREFIX)
            and name.upper() not in known
            and not name.upper().startswith(_TESTING)
        )
    )


def _named(item: Any) -> FieldError:  # noqa: ANN401 - pydantic's ErrorDetails
    name = str(item["loc"][0])
    message = str(item["msg"]).removeprefix("Value error, ")
    if name not in secret_fields() and "://" not in str(item["input"]):
        message = f"{str(item['input'])!r}: {message}"
    if place := ".".join(map(str, item["loc"][1:])):  # inside a setting of JSON
        message = f"{place}: {message}"
    return FieldError(f"{PREFIX}{name.upper()}", message, _remedy(name))


def _remedy(name: str) -> str:
    extra = Settings.model_fields[name].json_schema_extra
    return str(extra.get("remedy", "")) if isinstance(extra, dict) else ""
