"""One model and its policy: a message in, score and verdict out.

Pure and immutable; a judge may serve several threads at once.
"""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from integritas.kernel.evidence import MAIL, PLAIN_TEXT, Message
from integritas.services.spam.features import document, view_of
from integritas.services.spam.fingerprint import signature_of
from integritas.services.spam.folding import fold
from integritas.services.spam.online import NOTHING_TAUGHT, OnlineLayer
from integritas.services.spam.parsing import MAX_SHOWN, parse_message
from integritas.services.spam.policy import SpamVerdict
from integritas.services.spam.scoring import FEEDBACK, Contribution, Scorer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integritas.services.spam.artifact import Artifact
    from integritas.services.spam.features import Document
    from integritas.services.spam.fingerprint import Signature
    from integritas.services.spam.parsing import MessageView
    from integritas.services.spam.policy import Judgement, Policy, TipMark
    from integritas.services.spam.scoring import Scored, Words

__all__ = ["Judge", "Judged", "obstacle"]

_WARMING: Final = b"Received: x\nContent-Type: text/html\n\n<p>v i a g r a</p>"
_SENDER_DIGITS: Final = 24
_MANY_NULS: Final = 8


class Judged(NamedTuple):
    """What a judge says of a message, and what it looked at."""

    scored: Scored
    judgement: Judgement
    marks: tuple[TipMark, ...]
    document: Document
    view: MessageView
    words: Words | None

    def signature(self) -> Signature | None:
        """Return the signature of the shown text, None if it is too short."""
        return signature_of(self.document)

    def sender(self) -> str:
        """Return a digest of the sender's address, empty if there is none.

        It tells senders apart; it is no address.
        """
        given = self.view.header("from")
        address = given.rpartition("<")[2].partition(">")[0].strip().casefold()
        if "@" not in address:
            return ""
        digest = hashlib.sha256(address.encode("utf-8", "replace"))
        return digest.hexdigest()[:_SENDER_DIGITS]


class Judge:
    """Scores messages by one model, and applies its policy."""

    def __init__(self, artifact: Artifact, policy: Policy) -> None:
        """Take a verified model and a policy."""
        self.version: Final = artifact.version
        self.versions: Final = {"model": artifact.version, "policy": policy.version}
        self._models = artifact.models
        self._table = artifact.lookalikes
        self._policy = policy
        self._local = threading.local()  # a scorer serves one thread at a time

    def warm_up(self) -> None:
        """Have every kernel compiled, so that no message waits for it."""
        self.judge(Message(_WARMING, MAIL)).signature()

    def judge(
        self,
        message: Message,
        layer: OnlineLayer = NOTHING_TAUGHT,
        *,
        words: bool = False,
    ) -> Judged:
        """Return score, verdict and tip marks of a message that can be assessed.

        `layer` is what analysts taught; `words` asks for the hashed words.
        """
        view = parse_message(message)
        kind = view_of(view)
        text = document(view, kind, self._table)
        scorer = self._scorer()
        scored = scorer.score(text, kind)
        found = None
        if words or layer.weights is not None:
            found = scorer.words()
            shift = layer.shift(found)
            if shift:
                why = Contribution(
                    "what analysts said of such messages", FEEDBACK, shift
                )
                scored = scored.shifted(shift, why)
        verdict, marks = self._ruling(view, scored)
        return Judged(scored, verdict, marks, text, view, found)

    def _ruling(
        self, view: MessageView, scored: Scored
    ) -> tuple[Judgement, tuple[TipMark, ...]]:
        """Return the verdict, and the tip marks it leans on.

        What would be kept from people is read again, the dearer way: with tricks
        undone, and what stands aside of the text.
        """

        def ruled(marks: tuple[TipMark, ...]) -> Judgement:
            return self._policy.judge(
                scored.view,
                scored.probability,
                tip=bool(marks),
                unknown=scored.unknown,
                partly=view.partly,
            )

        marks = self._policy.tip_marks(view.shown)
        verdict = ruled(marks)
        if marks or verdict.verdict is SpamVerdict.DELIVER:
            return verdict, marks
        unread = map(self._policy.tip_marks, self._unread(view))
        marks = next(filter(None, unread), ())
        return (ruled(marks), marks) if marks else (verdict, marks)

    def _unread(self, view: MessageView) -> Iterator[bytes]:
        """Yield what the first reading for tip marks did not see."""
        plain = fold(view.shown, self._table, most=MAX_SHOWN).text
        if plain != view.shown:
            yield plain
        if view.aside:
            yield fold(view.aside, self._table, most=MAX_SHOWN).text

    def _scorer(self) -> Scorer:
        scorer: Scorer | None = getattr(self._local, "scorer", None)
        if scorer is None:
            scorer = self._local.scorer = Scorer(self._models)
        return scorer


def obstacle(message: Message) -> str | None:
    """Say why a message cannot be assessed, or None."""
    if not message.raw.strip():
        return "the message is empty"
    if message.media_type not in (MAIL, PLAIN_TEXT):
        return (
            f"messages of type {message.media_type} cannot be read:"
            f" send {MAIL} or {PLAIN_TEXT}"
        )
    if message.media_type == PLAIN_TEXT and message.raw[:4096].count(0) > _MANY_NULS:
        return "the text is binary: send text in UTF-8"
    return None
