"""An OCDS 1.1 release as typed structs: what flags, model and graph read of it.

Decoding by these types is strict, so whatever decodes has no field of the wrong type;
the rest goes through `lenient`, where a field of the wrong type counts as absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Address",
    "Amendment",
    "AwardEntry",
    "BidEntry",
    "Bids",
    "Budget",
    "Classification",
    "ContactPoint",
    "ContractEntry",
    "Document",
    "Identifier",
    "Implementation",
    "Item",
    "Money",
    "Organisation",
    "Party",
    "Period",
    "Person",
    "Planning",
    "Release",
    "Tender",
    "Transaction",
    "Unit",
]

Amount: TypeAlias = Annotated[float, msgspec.Meta(ge=0)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Currency: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]
Label: TypeAlias = str | int
"""An identifier that nothing compares; OCDS allows a text or a whole number."""


class _Entry(msgspec.Struct, rename="camel", gc=False):
    """An object of the standard; what is absent or null is None."""


class Money(_Entry):
    """A value."""

    amount: Amount | None = None
    currency: Currency | None = None


class Period(_Entry):
    """A period; dates as texts, since R030 compares texts."""

    start_date: str | None = None
    end_date: str | None = None


class Classification(_Entry):
    """What a thing is, in some scheme."""

    id: str | None = None
    scheme: str | None = None


class Unit(_Entry):
    """What an item is counted in, and the price of one."""

    value: Money | None = None


class Item(_Entry):
    """A thing bought."""

    id: Label | None = None
    description: str | None = None
    classification: Classification | None = None
    quantity: float | None = None
    unit: Unit | None = None


class Organisation(_Entry):
    """A reference to a party."""

    id: str | None = None
    name: str | None = None


class Document(_Entry):
    """A published document."""

    id: Label | None = None
    document_type: str | None = None


class Amendment(_Entry):
    """A formal change."""

    id: Label | None = None
    date: str | None = None
    rationale: str | None = None


class Tender(_Entry):
    """The call for bids."""

    id: Label | None = None
    title: str | None = None
    description: str | None = None
    status: str | None = None
    procurement_method: str | None = None
    procurement_method_details: str | None = None
    procurement_method_rationale: str | None = None
    main_procurement_category: str | None = None
    award_criteria: str | None = None
    value: Money | None = None
    min_value: Money | None = None
    tender_period: Period | None = None
    enquiry_period: Period | None = None
    award_period: Period | None = None
    number_of_tenderers: Count | float | None = None
    procuring_entity: Organisation | None = None
    tenderers: list[Organisation] | None = None
    items: list[Item] | None = None
    documents: list[Document] | None = None
    amendments: list[Amendment] | None = None


class BidEntry(_Entry):
    """A bid of the bids extension."""

    id: Label | None = None
    date: str | None = None
    status: str | None = None
    tenderers: list[Organisation] | None = None
    value: Money | None = None


class Bids(_Entry):
    """The bids extension."""

    details: list[BidEntry] | None = None


class AwardEntry(_Entry):
    """An award."""

    id: Label | None = None
    title: str | None = None
    status: str | None = None
    date: str | None = None
    value: Money | None = None
    suppliers: list[Organisation] | None = None
    items: list[Item] | None = None
    contract_period: Period | None = None


class Transaction(_Entry):
    """A payment made under a contract."""

    id: Label | None = None
    date: str | None = None
    value: Money | None = None


class Implementation(_Entry):
    """What happened under a contract."""

    transactions: list[Transaction] | None = None


class ContractEntry(_Entry):
    """A contract."""

    id: Label | None = None
    award_id: Label | None = msgspec.field(default=None, name="awardID")
    title: str | None = None
    status: str | None = None
    value: Money | None = None
    period: Period | None = None
    date_signed: str | None = None
    items: list[Item] | None = None
    amendments: list[Amendment] | None = None
    implementation: Implementation | None = None

    def dates(self) -> Iterator[str | None]:
        """Yield when it was signed, begins, ends, was changed and was paid."""
        yield self.date_signed
        if self.period is not None:
            yield self.period.start_date
            yield self.period.end_date
        for amendment in self.amendments or ():
            yield amendment.date
        if self.implementation is not None:
            for transaction in self.implementation.transactions or ():
                yield transaction.date


class Identifier(_Entry):
    """The entry of an organisation in a register."""

    scheme: str | None = None
    id: Label | None = None


class Address(_Entry):
    """A postal address."""

    street_address: str | None = None
    locality: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country_name: str | None = None


class ContactPoint(_Entry):
    """Whom to contact."""

    name: str | None = None
    email: str | None = None
    telephone: str | None = None


class Person(_Entry):
    """A person behind an organisation: director or beneficial owner."""

    id: Label | None = None
    name: str | None = None


class Party(_Entry):
    """A party to the process; owners as in the beneficial-owners extension."""

    id: str | None = None
    name: str | None = None
    roles: list[str] | None = None
    identifier: Identifier | None = None
    address: Address | None = None
    contact_point: ContactPoint | None = None
    beneficial_owners: list[Person] | None = None
    directors: list[Person] | None = None


class Budget(_Entry):
    """What was set aside."""

    amount: Money | None = None


class Planning(_Entry):
    """What was planned."""

    budget: Budget | None = None


class Release(_Entry):
    """One release; of a compiled one the whole process."""

    ocid: str
    id: Label | None = None
    date: str | None = None
    tag: list[str] | None = None
    language: str | None = None
    initiation_type: str | None = None
    parties: list[Party] | None = None
    buyer: Organisation | None = None
    planning: Planning | None = None
    tender: Tender | None = None
    bids: Bids | None = None
    awards: list[AwardEntry] | None = None
    contracts: list[ContractEntry] | None = None
    compiled_release: object = None
    """Set where the document is a record; so is `releases`."""
    releases: object = None
