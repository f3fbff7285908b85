from __future__ import annotations

import json
import shutil
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from integritas.kernel.errors import IntegrityViolation, InvalidInput
from integritas.services.anticorruption.api import load_collusion_model
from integritas.services.anticorruption.collusion.bids import read_bids, read_csv
from integritas.services.anticorruption.collusion.model import (
    CollusionModel,
)
from integritas.services.anticorruption.collusion.model import (
    load_collusion_model as load_from,
)
from integritas.services.anticorruption.collusion.screens import features_of

SHIPPED = Path(str(resources.files("integritas.services.anticorruption") / "model"))
# Four bids close together and far above the estimate; and a contest.
ESTIMATE = 500e6
RIGGED = (650e6, 670e6, 677.5e6, 680e6)
CONTEST = (420e6, 475e6, 550e6, 570e6, 650e6, 750e6)


@pytest.fixture(scope="module")
def model() -> CollusionModel:
    return load_collusion_model()


def bids_of(
    tender: object, amounts: tuple[float, ...], estimate: float | None = ESTIMATE
) -> list[dict[str, Any]]:
    made = [{"Tender": tender, "Bid_value": amount} for amount in amounts]
    if estimate is not None:
        made = [{**bid, "Pre-Tender Estimate (PTE)": estimate} for bid in made]
    return made


def test_a_rigged_tender_is_likelier_than_a_contest(model: CollusionModel) -> None:
    scores = model.score(read_bids(bids_of(1, RIGGED) + bids_of(2, CONTEST)))
    rigged, contest = scores[:4], scores[4:]
    assert min(s.probability or 0 for s in rigged) > 0.5
    assert max(s.probability or 0 for s in contest) < 0.3
    assert all(s.collusive for s in rigged)
    assert not any(s.collusive for s in contest)


def test_scores_come_in_the_order_of_the_bids(model: CollusionModel) -> None:
    first, second = bids_of("a", RIGGED), bids_of("b", CONTEST)
    mixed = [bid for pair in zip(first, second, strict=False) for bid in pair]
    scores = model.score(read_bids(mixed))
    assert [score.tender for score in scores] == ["a", "b"] * 4


def test_reasons_are_figures_in_words(model: CollusionModel) -> None:
    score, *_ = model.score(read_bids(bids_of(1, RIGGED)))
    assert len(score.reasons) == 4
    assert any("estimate" in reason or "vary" in reason for reason in score.reasons)
    assert set(score.line()) >= {"tender", "probability", "reasons", "anomaly"}


def test_contributions_explain_the_uncalibrated_probability(
    model: CollusionModel,
) -> None:
    forest = model.artifact.forest
    # A root's value is the mean of its tree over the training rows.
    base = float(np.mean(forest.value[forest.roots]))
    for amounts in (RIGGED, CONTEST):
        score, *_ = model.score(read_bids(bids_of(1, amounts)))
        rows, _ = features_of(np.array(amounts), ESTIMATE)
        (probability, *_) = forest.predict(rows)
        total = base + sum(score.contributions.values())
        assert total == pytest.approx(probability, abs=1e-4)


def test_what_is_unlike_the_training_tenders_is_told(model: CollusionModel) -> None:
    score, *_ = model.score(read_bids(bids_of(1, (1.0, 900.0), 0.5)))
    assert score.out_of_domain
    assert "says little" in score.reasons[-1]


def test_without_an_estimate_the_rest_is_used_and_told(model: CollusionModel) -> None:
    score, *_ = model.score(read_bids(bids_of(1, RIGGED, None)))
    assert score.probability is not None
    assert "no estimate" in score.out_of_domain
    assert not any("from the estimate" in reason for reason in score.reasons)


def test_one_tender_among_many_stands_out(model: CollusionModel) -> None:
    draw = np.random.default_rng(5)
    bids = [
        bid
        for tender in range(20)
        for bid in bids_of(tender, tuple(draw.uniform(3.5e8, 7e8, 6).tolist()))
    ]
    cover = bids_of("cover", (450e6, 500e6, 500.5e6, 501e6))
    scores = model.score(read_bids(bids + cover))
    anomalies = {score.tender: score.anomaly or 0.0 for score in scores}
    assert max(anomalies, key=lambda tender: anomalies[tender]) == "cover"
    assert anomalies["cover"] > 0.5


def test_too_few_tenders_have_no_anomaly(model: CollusionModel) -> None:
    assert model.score(read_bids(bids_of(1, CONTEST)))[0].anomaly is None


@pytest.mark.parametrize(
    ("bid", "path", "message"),
    [
        (5, "(whole)", "is no object"),
        ({"Bid_value": 5}, "Tender", "is missing"),
        ({"Tender": 1}, "Bid_value", "is missing"),
        ({"Tender": 1, "Bid_value": "5"}, "Bid_value", "not the text '5'"),
        ({"Tender": 1, "Bid_value": -5}, "Bid_value", "above zero, not -5"),
        ({"Tender": 1, "Bid_value": float("nan")}, "Bid_value", "not nan"),
        ({"Tender": 1, "Bid_value": True}, "Bid_value", "not True"),
        (
            {"Tender": 1, "Bid_value": 5, "Pre-Tender Estimate (PTE)": 0},
            "Pre-Tender Estimate (PTE)",
            "above zero, not 0",
        ),
        ({"Tender": 9, "Bid_value": 5}, "Tender", "has one usable bid"),
    ],
)
def test_a_bid_that_cannot_be_scored_is_told_and_keeps_its_place(
    model: CollusionModel, bid: object, path: str, message: str
) -> None:
    reading = read_bids([*bids_of(1, RIGGED), bid])
    (reject,) = reading.rejects
    assert (reject.line, reject.path) == (5, path)
    assert message in reject.message
    assert str(reject).startswith(f"bid 5 {path}: ")
    scores = model.score(reading)
    assert [score.probability is None for score in scores] == [False] * 4 + [True]
    assert scores[4].reasons[0].startswith("not scored: ")


def test_a_file_may_be_a_list_or_lines_or_csv(model: CollusionModel) -> None:
    bids = bids_of(1, RIGGED)
    as_list = json.dumps(bids).encode()
    as_lines = b"\n".join(json.dumps(bid).encode() for bid in bids)
    rows = [f"1,{amount},{ESTIMATE}" for amount in RIGGED]
    as_csv = "\n".join(["tender,bid_value,estimate", *rows]).encode()
    answers = [model.score_file(c).lines() for c in (as_list, as_lines, as_csv)]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0].count(b"\n") == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[{"Tender": 1},\n{"Tender', "line 2 column"),
        (b"a,b\n1,2", "no column Tender, Bid_value"),
        (b"\xff\xfe", "neither JSON nor CSV"),
    ],
)
def test_what_is_no_list_of_bids_is_refused(
    model: CollusionModel, content: bytes, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        model.score_file(content)


@pytest.mark.parametrize(
    ("line", "path", "message"),
    [
        ('{"Tender', "(whole)", "is not JSON"),
        ('{"Tender": 1, "Bid_value": NaN}', "Bid_value", "is NaN or infinite"),
    ],
)
def test_a_line_that_is_no_json_keeps_its_place_and_the_rest_is_scored(
    model: CollusionModel, line: str, path: str, message: str
) -> None:
    lines = [json.dumps(bid) for bid in bids_of(1, RIGGED)]
    run = model.score_file("\n".join([lines[0], line, *lines[1:]]).encode())
    (reject,) = run.rejects
    assert (reject.line, reject.path) == (2, path)
    assert message in reject.message
    assert [s.probability is None for s in run.scores] == [False, True, *[False] * 3]
    assert [s.collusive is None for s in run.scores] == [False, True, *[False] * 3]


def test_rejects_tell_the_line_of_the_file(model: CollusionModel) -> None:
    bids = [json.dumps(bid) for bid in bids_of(1, RIGGED)]
    run = model.score_file("\n\n".join([*bids, '{"Tender": 1}']).encode())
    assert [str(reject) for reject in run.rejects] == [
        "line 9 Bid_value: is missing (write 1200.5)"
    ]
    run = model.score_file(b'Tender,Bid_value,note\n1,5,"of\ntwo lines"\n\n1,x,\n')
    assert [reject.line for reject in run.rejects] == [3, 5]


def test_a_list_with_nan_loses_only_that_bid(model: CollusionModel) -> None:
    bids = [*bids_of(1, RIGGED), {"Tender": 1, "Bid_value": float("nan")}]
    run = model.score_file(json.dumps(bids).encode())
    (reject,) = run.rejects
    assert (reject.line, reject.path) == (5, "Bid_value")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_columns_of_a_table_may_be_separated_by_others(mark: str) -> None:
    (row,) = read_csv(f"Tender{mark}Bid_value\r\n1{mark}2.5\r\n").values()
    assert row == {"Tender": 1.0, "Bid_value": 2.5}


def test_an_empty_file_gives_nothing(model: CollusionModel) -> None:
    assert model.score_file(b" \n").lines() == b""


def test_a_document_that_is_no_list_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no list"):
        read_bids({})


def test_csv_keeps_texts_that_are_no_numbers() -> None:
    (row,) = read_csv("Tender,Bid_value\nroad 7,\n").values()
    assert row == {"Tender": "road 7", "Bid_value": None}


def test_the_shipped_model_is_as_good_as_promised(model: CollusionModel) -> None:
    measured = model.artifact.manifest["measured"]
    assert measured["roc_auc_mean_of_folds"]["mean"] >= 0.96
    assert measured["f1"]["mean"] >= 0.84


def test_a_model_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(SHIPPED, folder)
    forest = folder / "forest.npz"
    forest.write_bytes(forest.read_bytes()[:-1] + b"x")
    with pytest.raises(IntegrityViolation, match="SHA-256"):
        load_from(folder)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    shutil.copytree(SHIPPED, folder, dirs_exist_ok=True)
    manifest["format"] = 99
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(IntegrityViolation, match="another format"):
        load_from(folder)
    forest.unlink()
    with pytest.raises(IntegrityViolation, match="no collusion model"):
        load_from(folder)
