"""The learned score: high where habits break, and it says what broke them."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources

import pytest

from integritas.kernel.evidence import Payment
from integritas.services.compliance.payments.anomaly import (
    FIGURES,
    LEAST_KNOWN,
    anomaly_model,
    anomaly_of,
)
from integritas.services.compliance.payments.contract import View

Pay = Callable[..., Payment]
See = Callable[..., View]


@pytest.fixture
def habits(pay: Pay) -> list[Payment]:
    """Return a payment a week, of much the same size, to one payee."""
    return [pay(f"{100 + ago % 9}.50", ago=ago) for ago in range(7, 200, 7)]


def test_a_payment_like_the_others_is_usual(
    pay: Pay, view: See, habits: list[Payment]
) -> None:
    found = anomaly_of(view(pay("104.20"), *habits))
    assert found is not None
    assert found.score < anomaly_model().threshold


def test_a_strange_payment_is_unusual_and_says_why(
    pay: Pay, view: See, habits: list[Payment]
) -> None:
    strange = pay("9000", to="GB29NWBK60161331926819", country="gb")
    found = anomaly_of(view(strange, *habits))
    assert found is not None
    assert found.score >= anomaly_model().threshold
    named = {feature.name for feature in found.features}
    assert named & {"amount", "counterparty", "country"}
    assert all(feature.weight > 0 and feature.text for feature in found.features)


def test_a_figure_made_stranger_names_itself(
    pay: Pay, view: See, habits: list[Payment]
) -> None:
    found = anomaly_of(view(pay("50000.00"), *habits))
    assert found is not None
    assert {f.name for f in found.features} & {"amount", "amount to payee"}


def test_too_little_known_is_said(pay: Pay, view: See, habits: list[Payment]) -> None:
    assert anomaly_of(view(pay(), *habits[: LEAST_KNOWN - 1])) is None


def test_the_manifest_is_of_the_shipped_forest() -> None:
    folder = resources.files("integritas.services.compliance").joinpath("model")
    manifest = json.loads(folder.joinpath("payments-manifest.json").read_bytes())
    model = anomaly_model()
    assert manifest["sha256"] == model.forest.digest
    assert manifest["threshold"] == model.threshold
    assert len(model.usual) == len(FIGURES)
    assert manifest["false_alerts_unseen"] <= 0.02
    assert manifest["roc_auc_unseen"] >= 0.94
