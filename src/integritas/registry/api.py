"""What others may use of the registry of models."""

from __future__ import annotations

from integritas.registry.model import Deployment, DriftSource, ModelVersion
from integritas.registry.service import ModelRegistry
from integritas.registry.shelf import Shelf

__all__ = ["Deployment", "DriftSource", "ModelRegistry", "ModelVersion", "Shelf"]
