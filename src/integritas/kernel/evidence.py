"""Evidence: the four kinds of item a submission brings.

The wire form (`EvidenceIn`, discriminated by `kind`) is parsed here, once, for every
door: submissions, the services' own routes, the command line. Inside the platform the
content is one of four frozen dataclasses.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError, to_json

from integritas.kernel.errors import InvalidInput
from integritas.kernel.kinds import EvidenceKind
from integritas.kernel.validation import field_errors, not_finite

__all__ = [
    "MAIL",
    "PLAIN_TEXT",
    "Account",
    "Content",
    "EvidenceIn",
    "EvidenceKind",
    "Message",
    "MessageIn",
    "Party",
    "PartyIn",
    "Payment",
    "PaymentIn",
    "Procurement",
    "ProcurementIn",
    "content_digest",
    "kind_of",
    "message_from_line",
    "parse_content",
    "parse_evidence",
    "serialise_content",
]

MAIL: Final = "message/rfc822"
PLAIN_TEXT: Final = "text/plain"


@dataclass(frozen=True, slots=True)
class Message:
    """An RFC 5322 mail (`media_type` message/rfc822) or plain text in UTF-8."""

    raw: bytes
    media_type: str = PLAIN_TEXT


@dataclass(frozen=True, slots=True)
class Procurement:
    """An OCDS 1.1 release, or a record that holds one or more.

    `form` says which; `document` is the parsed JSON object, untouched.
    """

    document: Mapping[str, JsonValue]
    form: Literal["release", "record"] = "release"


@dataclass(frozen=True, slots=True)
class Party:
    """A person or organisation with FollowTheMoney properties, each a list of texts."""

    schema: str
    properties: Mapping[str, tuple[str, ...]]

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of one property, none if it is absent."""
        return self.properties.get(name, ())


@dataclass(frozen=True, slots=True)
class Account:
    """One side of a payment. `country` is ISO 3166-1 alpha-2 in lower case."""

    name: str
    account: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """Money from debtor to creditor. `amount` is exact, `currency` ISO 4217."""

    debtor: Account
    creditor: Account
    amount: Decimal
    currency: str
    date: date
    reference: str = ""


Content: TypeAlias = Message | Procurement | Party | Payment

_KINDS: Final[Mapping[type, EvidenceKind]] = {
    Message: EvidenceKind.MESSAGE,
    Procurement: EvidenceKind.PROCUREMENT,
    Party: EvidenceKind.PARTY,
    Payment: EvidenceKind.PAYMENT,
}


def kind_of(content: Content) -> EvidenceKind:
    """Return the kind of a piece of content."""
    return _KINDS[type(content)]


# The wire form ------------------------------------------------------------------

Short = Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2}$", to_lower=True)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MessageIn(_Wire):
    """A message: `raw` is text, `raw_base64` carries bytes; exactly one of them."""

    kind: Literal["message"] = "message"
    raw: str | None = None
    raw_base64: str | None = None
    media_type: Literal["message/rfc822", "text/plain"] | None = None

    @model_validator(mode="after")
    def _one_body(self) -> MessageIn:
        if (self.raw is None) == (self.raw_base64 is None):
            raise PydanticCustomError(
                "one_of",
                "give exactly one of raw (text) and raw_base64 (bytes)",
                {"at": "raw"},
            )
        if self.raw_base64 is not None:
            _decode_base64(self.raw_base64)
        return self

    def content(self) -> Message:
        """Return the message as bytes with its media type decided."""
        if self.raw_base64 is not None:
            raw = _decode_base64(self.raw_base64)
            media_type = self.media_type or _sniff(raw.decode("latin-1"))
            return Message(raw=raw, media_type=media_type)
        return message_from_line(self.raw or "", self.media_type)


class ProcurementIn(_Wire):
    """An OCDS `release` or `record`; exactly one of them."""

    kind: Literal["procurement"] = "procurement"
    release: dict[str, JsonValue] | None = None
    record: dict[str, JsonValue] | None = None

    @model_validator(mode="after")
    def _one_document(self) -> ProcurementIn:
        if (self.release is None) == (self.record is None):
            raise PydanticCustomError(
                "one_of", "give exactly one of release, record", {"at": "release"}
            )
        form, document = self._document()
        ocid = document.get("ocid")
        if not isinstance(ocid, str) or not ocid:
            raise PydanticCustomError(
                "ocid_missing",
                "{form}.ocid is missing or not a text: OCDS requires it",
                {"form": form, "at": f"{form}.ocid"},
            )
        try:
            json.dumps(document, allow_nan=False, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:  # an unpaired surrogate, NaN
            path = not_finite(document)
            if path is not None:
                raise PydanticCustomError(
                    "not_finite",
                    "{path} is NaN or infinite, which JSON has no number for",
                    {"path": f"{form}.{path}", "at": f"{form}.{path}"},
                ) from error
            raise PydanticCustomError(
                "not_json",
                "{form} cannot be written as JSON: {why}",
                {"form": form, "why": str(error), "at": form},
            ) from error
        return self

    def content(self) -> Procurement:
        """Return the document."""
        form, document = self._document()
        return Procurement(document=document, form=form)

    def _document(
        self,
    ) -> tuple[Literal["release", "record"], dict[str, JsonValue]]:
        if self.release is not None:
            return "release", self.release
        return "record", self.record or {}


class PartyIn(_Wire):
    """A person or organisation in FollowTheMoney terms."""

    kind: Literal["party"] = "party"
    schema_: Annotated[
        str, StringConstraints(pattern=r"^[A-Z][A-Za-z]{1,40}$"), Field(alias="schema")
    ]
    properties: dict[
        Annotated[str, StringConstraints(min_length=1, max_length=100)],
        list[Annotated[str, StringConstraints(max_length=10_000)]],
    ]

    @model_validator(mode="after")
    def _named(self) -> PartyIn:
        if not any(value.strip() for value in self.properties.get("name", [])):
            raise PydanticCustomError(
                "name_missing",
                "properties.name needs at least one name",
                {"at": "properties.name"},
            )
        return self

    def content(self) -> Party:
        """Return the party."""
        return Party(
            schema=self.schema_,
            properties={name: tuple(v) for name, v in self.properties.items()},
        )


class AccountIn(_Wire):
    """One side of a payment."""

    name: Short
    account: Short | None = None
    country: Country | None = None

    def content(self) -> Account:
        """Return the account."""
        return Account(name=self.name, account=self.account, country=self.country)


def _no_number(value: object) -> object:
    """Refuse what pydantic would take for seconds since 1970."""
    if isinstance(value, str | date):
        return value
    raise PydanticCustomError("date_type", "the date is not a text")


class PaymentIn(_Wire):
    """A payment; `amount` is a decimal text such as `"1200.00"`."""

    kind: Literal["payment"] = "payment"
    debtor: AccountIn
    creditor: AccountIn
    amount: Annotated[
        Decimal,
        Field(ge=0, max_digits=24, decimal_places=8, allow_inf_nan=False),
    ]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    date: Annotated[date, BeforeValidator(_no_number)]
    reference: Annotated[str, StringConstraints(max_length=2_000)] = ""

    def content(self) -> Payment:
        """Return the payment."""
        return Payment(
            debtor=self.debtor.content(),
            creditor=self.creditor.content(),
            amount=self.amount,
            currency=self.currency,
            date=self.date,
            reference=self.reference,
        )


EvidenceIn = Annotated[
    MessageIn | ProcurementIn | PartyIn | PaymentIn, Field(discriminator="kind")
]

_WIRE: Final[TypeAdapter[Any]] = TypeAdapter(EvidenceIn)


def parse_evidence(value: object, *, path: str = "evidence") -> Content:
    """Return the content of one item in its wire form.

    Raises:
        InvalidInput: with a `FieldError` for each thing wrong, paths below `path`.
    """
    try:
        content: Content = _WIRE.validate_python(value).content()
    except ValidationError as error:
        raise InvalidInput(
            "the evidence is not valid", errors=field_errors(error, path=path)
        ) from error
    return content


def _decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PydanticCustomError(
            "base64",
            "raw_base64 is not base64: {why}",
            {"why": str(error), "at": "raw_base64"},
        ) from error


_HEADER: Final = re.compile(r"([!-9;-~]{1,76}):")
_SNIFFED: Final = 8_192
_MBOX: Final = re.compile(r"From \S+.*\d{4}\r?\n")
# RFC 5322 section 3.6 and what mail systems put on top; one of them must be there, or
# "URGENT: call me" would be taken for mail.
_MAIL_FIELDS: Final = frozenset(
    (
        "bcc",
        "cc",
        "content-type",
        "date",
        "delivered-to",
        "dkim-signature",
        "from",
        "in-reply-to",
        "message-id",
        "mime-version",
        "received",
        "reply-to",
        "return-path",
        "sender",
        "subject",
        "to",
    )
)


def message_from_line(raw: str, media_type: str | None = None) -> Message:
    """Return the message that a text stands for.

    Without `media_type`, text that begins with a mail header block (or an mbox `From `
    line) is mail, all else plain text. Mail whose characters are all ≤ U+00FF stands
    for those bytes, else for its UTF-8.
    """
    chosen = media_type or _sniff(raw)
    if chosen != MAIL:
        return Message(raw=raw.encode("utf-8", "surrogatepass"), media_type=chosen)
    try:
        return Message(raw=raw.encode("latin-1"), media_type=MAIL)
    except UnicodeEncodeError:
        return Message(raw=raw.encode("utf-8", "surrogatepass"), media_type=MAIL)


def _sniff(raw: str) -> str:
    """Say mail if the text begins with a header block that has a mail field."""
    if _MBOX.match(raw):
        return MAIL
    known = False
    # Only line feeds end lines here: U+0085 and its like are bytes of a charset.
    lines = [line.removesuffix("\r") for line in raw[:_SNIFFED].split("\n")]
    if len(raw) > _SNIFFED and len(lines) > 1:
        lines.pop()  # cut off in the middle
    for number, line in enumerate(lines):
        if not line:
            break
        if number and line[0] in " \t":
            continue
        header = _HEADER.match(line)
        if header is None:
            return PLAIN_TEXT
        known = known or header[1].lower() in _MAIL_FIELDS
    return MAIL if known else PLAIN_TEXT


# The stored form ----------------------------------------------------------------


def serialise_content(content: Content) -> bytes:
    """Return the JSON (UTF-8) of the wire form, keys in the order of declaration."""
    if isinstance(content, Message):
        document: dict[str, Any] = {
            "kind": "message",
            "raw_base64": base64.b64encode(content.raw).decode(),
            "media_type": content.media_type,
        }
    elif isinstance(content, Procurement):
        document = {"kind": "procurement", content.form: content.document}
    elif isinstance(content, Party):
        document = {
            "kind": "party",
            "schema": content.schema,
            "properties": content.properties,
        }
    else:
        document = {
            "kind": "payment",
            "debtor": _account(content.debtor),
            "creditor": _account(content.creditor),
            "amount": str(content.amount),
            "currency": content.currency,
            "date": content.date,
            "reference": content.reference,
        }
    return to_json(document)


def parse_content(document: bytes) -> Content:
    """Return the content of bytes that `serialise_content` wrote."""
    content: Content = _WIRE.validate_json(document).content()
    return content


def content_digest(content: Content) -> str:
    """Return the SHA-256 (hex) of the bytes of a message, else of the stored JSON."""
    if isinstance(content, Message):
        return hashlib.sha256(content.raw).hexdigest()
    return hashlib.sha256(serialise_content(content)).hexdigest()


def _account(account: Account) -> dict[str, str | None]:
    return {
        "name": account.name,
        "account": account.account,
        "country": account.country,
    }
