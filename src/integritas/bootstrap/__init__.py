"""The composition root: the one place that reads settings and makes the objects."""

from integritas.bootstrap.parts import Services, service_alone
from integritas.bootstrap.wiring import Platform, bootstrap
from integritas.platform.roles import Role

__all__ = [
    "Platform",
    "Role",
    "Services",
    "bootstrap",
    "service_alone",
]
