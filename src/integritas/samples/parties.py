"""Invented people and companies with FollowTheMoney properties."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from integritas.samples import vocabulary
from integritas.samples.sample import Item, Sample

if TYPE_CHECKING:
    from random import Random

__all__ = ["company_party", "party_sample", "person_party"]

_POSITIONS = ("Director", "Procurement officer", "Engineer", "Consultant", "Accountant")


def party_sample(rng: Random, reference: str) -> Sample:
    """Return a sample of one person or company to be screened."""
    if rng.random() < 0.55:
        item = person_party(rng, vocabulary.person(rng))
    else:
        item = company_party(rng, vocabulary.company(rng))
    title = f"Screening of {item['properties']['name'][0]}"
    return Sample(reference, "api", title, (item,), None, "generated", "not_listed")


def person_party(rng: Random, person: vocabulary.Person) -> Item:
    """Return a person; the name in the own script, the Latin form beside it."""
    born = date(1950, 1, 1) + timedelta(days=rng.randrange(52 * 365))
    properties = {
        "name": [person.native],
        "birthDate": [born.isoformat()],
        "nationality": [person.country],
        "country": [person.country],
    }
    if person.native != person.name:
        properties["alias"] = [person.name]
    if rng.random() < 0.5:
        properties["position"] = [rng.choice(_POSITIONS)]
    if rng.random() < 0.4:
        properties["passportNumber"] = [f"DEMO{rng.randint(10**6, 10**7 - 1)}"]
    if rng.random() < 0.4:
        properties["email"] = [f"{vocabulary.slug(person.name)}@mail.example"]
    return {"kind": "party", "schema": "Person", "properties": properties}


def company_party(rng: Random, company: vocabulary.Company) -> Item:
    """Return a company with register number, address and date of foundation."""
    founded = date(1985, 1, 1) + timedelta(days=rng.randrange(40 * 365))
    address = f"{vocabulary.street_address(rng)}, {vocabulary.town(rng)}"
    properties = {
        "name": [company.name],
        "jurisdiction": [company.country],
        "country": [company.country],
        "registrationNumber": [
            f"{company.country.upper()}-DEMO-{rng.randint(10**5, 10**6 - 1)}"
        ],
        "incorporationDate": [founded.isoformat()],
        "address": [address],
        "website": [f"https://{company.domain}"],
    }
    return {"kind": "party", "schema": "Company", "properties": properties}
