"""The composition root: the one place that reads settings and makes the objects."""

from integritas.bootstrap.parts import Services, service_alone
from integritas.bootstrap.wiring import Platform, bootstrap
from integritas.platform.roles import Role, check_state_folder

__all__ = [
    "Platform",
    "Role",
    "Services",
    "bootstrap",
    "check_state_folder",
    "service_alone",
]
