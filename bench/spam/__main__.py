"""Spam: held-out figures, what evasion costs, the time it takes; peers beside us.

`INTEGRITAS_DATA=DIR python -m bench.spam` trains on three folds of four and measures on
the other, once (`mail`, `body`: with what evasion costs) and for each fold in turn
(`pooled-…`: with intervals); near-duplicates share a fold. `bogofilter` takes part
where it is installed. Prints Markdown. Times are CPU time of this process.
"""

from __future__ import annotations

import argparse
import email
import os
import platform
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from bench.spam.beside import Ours, part, row, stripped, taught_peers
from bench.spam.evasion import EVASIONS, HONEST, rewrite
from bench.spam.pooled import pooled
from models.spam.augment import good_words
from models.spam.data import FOLDS, Labelled, read_labelled
from models.spam.fitting import metrics
from models.spam.lookalikes import lookalikes
from models.spam.train import RECIPES, train_view

from integritas.kernel.evidence import message_from_line
from integritas.services.spam.api import load_spam_service
from integritas.services.spam.features import View
from integritas.services.spam.scoring import Scorer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

HELD = (3,)
STACKED = (("hidden", "zero-width"), ("confusables", "spaced"), ("appended", "leet"))
BATCH = 256
VIEWS = ("mail", "body", "pooled-mail", "pooled-body", "pooled-text", "time")


def main() -> None:
    """Train, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("INTEGRITAS_DATA"))
    parser.add_argument("--seed", type=int, default=2_026)
    parser.add_argument(
        "--random-folds",
        type=int,
        metavar="SEED",
        help="draw folds by chance, near-duplicates apart or not",
    )
    parser.add_argument("--views", default=",".join(VIEWS))
    parser.add_argument("--peers", default="hashed,tfidf,bogofilter")
    arguments = parser.parse_args()
    if arguments.data is None:
        raise SystemExit("say where the data is: --data DIR, or set INTEGRITAS_DATA")
    folder = Path(arguments.data) / "messages"
    mail = read_labelled(folder / "spamassassin.jsonl.gz")
    sms = read_labelled(folder / "sms.jsonl.gz", "text/plain")
    if arguments.random_folds is not None:
        random = np.random.default_rng(arguments.random_folds)
        mail, sms = (_drawn(data, random) for data in (mail, sms))
    print(f"Python {platform.python_version()}, {platform.machine()}\n")
    held = np.isin(mail.folds, HELD)
    chosen = arguments.views.split(",")
    for view in (View.MAIL, View.BODY):
        if view in chosen:
            peers = arguments.peers.split(",")
            compare(view, mail, sms, held, seed=arguments.seed, chosen=peers)
    for view in (View.MAIL, View.BODY, View.TEXT):
        if f"pooled-{view}" in chosen:
            pooled(view, mail, sms, chosen=arguments.peers.split(","))
    if "time" in chosen:
        times(mail, sms)


def _drawn(data: Labelled, random: np.random.Generator) -> Labelled:
    return replace(data, folds=random.integers(0, FOLDS, len(data.folds)))


def compare(
    view: View,
    mail: Labelled,
    sms: Labelled,
    held: NDArray[np.bool_],
    *,
    seed: int,
    chosen: Sequence[str],
) -> None:
    """Print ranking figures and what is lost under evasion, ours and the peers'."""
    taught = part(mail, ~held)
    good = good_words(taught.views, taught.junk.tolist())
    strip = view is View.BODY
    table = lookalikes()
    recipe = next(item for item in RECIPES if item.view is view)
    trained = train_view(recipe, taught, sms, table, measure=False)
    ours = Ours(view, Scorer({view: trained.model}), table)
    plain = [stripped(raw) if strip else raw for raw in taught.raws]
    peers = {
        "integritas": ours,
        **taught_peers(plain, taught.junk, chosen),
    }
    raws = [raw for raw, is_held in zip(mail.raws, held, strict=True) if is_held]
    if strip:
        raws = [stripped(raw) for raw in raws]
    junk = mail.junk[held]
    bad = [raw for raw, is_junk in zip(raws, junk, strict=True) if is_junk]
    wanted = [raw for raw, is_junk in zip(raws, junk, strict=True) if not is_junk]
    print(f"## {view}: {len(bad)} junk, {len(wanted)} wanted\n")
    names = list(peers)
    print("| |", " | ".join(names), "|\n|---|" + "---|" * len(names))
    base = {name: peer.scores(raws) for name, peer in peers.items()}
    figures = {n: metrics(s, np.zeros(len(junk)), junk) for n, s in base.items()}
    for key in ("1-ROCA_percent", "recall_at_0.001", "recall_at_0.005"):
        row(key, [f"{figures[name][key]:.4f}" for name in names])
    limits = {n: limit(s[~junk]) for n, s in base.items()}
    before = {n: float((s[junk] > limits[n]).mean()) for n, s in base.items()}
    row("recall at 1 %", [f"{before[name]:.4f}" for name in names])
    for rewriting in [*[(name,) for name in EVASIONS], *STACKED]:
        raised = [
            rewrite(raw, rewriting, seed=seed + number, good=good, is_mail=True)
            for number, raw in enumerate(bad)
        ]
        lost = [
            100 * (before[n] - float((p.scores(raised) > limits[n]).mean()))
            for n, p in peers.items()
        ]
        row(f"points lost: {' + '.join(rewriting)}", [f"{x:.1f}" for x in lost])
    for honest in HONEST:
        changed = [
            rewrite(raw, (honest,), seed=seed + number, good=good, is_mail=True)
            for number, raw in enumerate(wanted)
        ]
        gained = [
            100 * float((p.scores(changed) > limits[n]).mean()) - 1.0
            for n, p in peers.items()
        ]
        row(f"points of false positives: {honest}", [f"{x:+.1f}" for x in gained])
    print(flush=True)


def limit(wanted: NDArray[np.float64]) -> float:
    """Return the score that 1 % of wanted mail lies above."""
    return float(np.sort(wanted)[::-1][int(0.01 * len(wanted))])


def times(mail: Labelled, sms: Labelled) -> None:
    """Print milliseconds of CPU a message: parsing, scoring, reasons, in batches."""
    started = time.process_time()
    service = load_spam_service()
    print(
        f"## Time\n\nmodel loaded in {1e3 * (time.process_time() - started):.0f} ms\n"
    )
    print("| | ms a message |\n|---|---|")
    for name, data, kind in (("mail", mail, None), ("text", sms, "text/plain")):
        messages = [message_from_line(raw, kind) for raw in data.raws]
        for message in messages[:BATCH]:  # kernels from the cache, warm
            service.judge(message)
        best = min(_timed(service.judge, messages) for _ in range(3))
        row(f"{name}, ours", [f"{1e3 * best / len(messages):.4f}"])

    raw_bytes = [raw.encode("latin-1", "replace") for raw in mail.raws]
    best = _timed(email.message_from_bytes, raw_bytes)
    row("standard library, parsing alone", [f"{1e3 * best / len(raw_bytes):.4f}"])


def _timed(function: Callable[[Any], object], items: Sequence[object]) -> float:
    started = time.process_time()
    for item in items:
        function(item)
    return time.process_time() - started


if __name__ == "__main__":
    main()
