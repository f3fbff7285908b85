"""Small hand-made releases, and the rules run over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from integritas.services.anticorruption.api import (
    EMPTY_REFERENCE,
    Calculation,
    Reference,
    parse_settings,
)
from integritas.services.anticorruption.features import Process, read_process
from integritas.services.anticorruption.scoring import Judge, Opinion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Json = dict[str, Any]
TOP = ("currency", "price_comparison", "no_price_comparison", "[exclusions]")


def make_bid(
    tenderer: str | None = "A",
    amount: float | None = 100,
    *,
    status: str = "valid",
    currency: str = "USD",
    **more: object,
) -> Json:
    made: Json = {"status": status, **more}
    if tenderer is not None:
        made["tenderers"] = [{"id": t} for t in tenderer.split("+")]
    if amount is not None:
        made["value"] = {"amount": amount, "currency": currency}
    return made


def make_award(supplier: str = "A", *, status: str = "active", **more: object) -> Json:
    suppliers = [{"id": s} for s in supplier.split("+")]
    return {"status": status, "suppliers": suppliers, **more}


def make_release(
    ocid: str = "ocds-1",
    *bids: Json,
    awards: Iterable[Json] = (),
    tender: Json | None = None,
    **more: object,
) -> Json:
    made: Json = {"ocid": ocid, **more}
    if bids:
        made["bids"] = {"details": list(bids)}
    if awards:
        made["awards"] = list(awards)
    if tender is not None:
        made["tender"] = tender
    return made


def read(release: Json) -> Process:
    process = read_process(release)
    assert process is not None
    return process


def ini_of(code: str, options: str) -> str:
    """Put options that hold for all above the section, the others into it."""
    lines = options.splitlines()
    top = [line for line in lines if line.startswith(TOP[:3])]
    rest = [line for line in lines if line not in top]
    return "\n".join([*top, f"[{code}]", *rest])


def run_set(code: str, releases: Iterable[Json], options: str = "") -> Json:
    settings = parse_settings(ini_of(code, options))
    calculation = Calculation(settings, with_maps=True)
    for release in releases:
        calculation.add(read(release))
    return dict(calculation.conclude().document())


def run_one(
    code: str,
    release: Json,
    options: str = "",
    *,
    reference: Reference = EMPTY_REFERENCE,
) -> Opinion:
    return Judge(parse_settings(ini_of(code, options))).judge(read(release), reference)


def run_reference(code: str, releases: Iterable[Json], options: str = "") -> Reference:
    calculation = Calculation(parse_settings(ini_of(code, options)))
    for release in releases:
        calculation.add(read(release))
    return calculation.reference(version="set@1")


@pytest.fixture
def bid() -> Callable[..., Json]:
    return make_bid


@pytest.fixture
def award() -> Callable[..., Json]:
    return make_award


@pytest.fixture
def release() -> Callable[..., Json]:
    return make_release


@pytest.fixture
def contest() -> Callable[..., Json]:
    """A process that A won with the first price, against B with the second."""

    def build(ocid: str, won: float, second: float) -> Json:
        return make_release(
            ocid, make_bid("A", won), make_bid("B", second), awards=[make_award("A")]
        )

    return build


@pytest.fixture
def over_set() -> Callable[..., Json]:
    """Run one indicator over releases; return the document, with Maps."""
    return run_set


@pytest.fixture
def on_one() -> Callable[..., Opinion]:
    """Run one indicator on a single release; return the opinion."""
    return run_one


@pytest.fixture
def reference_of() -> Callable[..., Reference]:
    """Return the reference that releases make for one indicator."""
    return run_reference
