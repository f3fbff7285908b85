"""Secrets that come as files: `INTEGRITAS_X_FILE` names the file of `INTEGRITAS_X`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from pydantic_settings import EnvSettingsSource
from pydantic_settings.sources import PydanticBaseSettingsSource

from integritas.kernel.errors import FieldError
from integritas.platform.setting_kinds import invalid_setting

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_settings import BaseSettings

    from integritas.kernel.errors import InvalidInput

__all__ = ["SecretFiles", "secrets_of"]


def secrets_of(settings_cls: type[BaseSettings]) -> tuple[str, ...]:
    """Return the names of the settings that may come as `…_FILE`."""
    return tuple(
        name
        for name, field in settings_cls.model_fields.items()
        if SecretStr.__name__ in str(field.annotation)
    )


class SecretFiles(PydanticBaseSettingsSource):
    """Reads `INTEGRITAS_X` from the file that `INTEGRITAS_X_FILE` names."""

    def __init__(
        self, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource
    ) -> None:
        """Take the settings, and the sources that may name a file, first one first."""
        super().__init__(settings_cls)
        self._prefix = self.config.get("env_prefix", "")
        self._sources = [s for s in sources if isinstance(s, EnvSettingsSource)]

    def get_field_value(
        self, field: FieldInfo, field_name: str
    ) -> tuple[Any, str, bool]:
        """Return the value, its key, and that it is no JSON."""
        del field
        variable = f"{self._prefix}{field_name}".lower()
        file_variable = f"{variable}_file"
        for source in self._sources:
            outright = source.env_vars.get(variable)
            path = source.env_vars.get(file_variable)
            if outright and path:
                raise _given_twice(variable.upper(), file_variable.upper())
            if path:
                return _secret(file_variable.upper(), Path(path)), field_name, False
            if outright:  # a source below gives way
                break
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the secrets found."""
        found: dict[str, Any] = {}
        for name in secrets_of(self.settings_cls):
            value, key, _ = self.get_field_value(
                self.settings_cls.model_fields[name], name
            )
            if value is not None:
                found[key] = value
        return found


def _given_twice(variable: str, file_variable: str) -> InvalidInput:
    return invalid_setting(
        FieldError(variable, f"is set, and so is {file_variable}", "set one of the two")
    )


def _secret(variable: str, path: Path) -> str:
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not UTF-8"
        raise invalid_setting(
            FieldError(variable, f"{path}: {why}", "name a file this process can read")
        ) from error
    if not text:
        raise invalid_setting(
            FieldError(variable, f"{path} is empty", "write the secret into it")
        )
    return text
