from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban, numdb

from integritas.services.compliance.payments.iban import is_iban

COUNTRIES = ("ES", "DE", "MT", "FR", "GB", "NO", "XX", "LC")
CHARACTERS = st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@pytest.mark.parametrize(
    "number",
    ["ES9121000418450200051332", "DE89370400440532013000", "NL91ABNA0417164300"],
)
def test_real_ones_are_known(number: str) -> None:
    assert is_iban(number)
    assert not is_iban(f"{number[:-1]}{(int(number[-1]) + 1) % 10}")
    assert not is_iban(f"{number}0")
    assert not is_iban(number[:-1])


@pytest.mark.parametrize(
    "number", ["", "E", "ES", "XX91", "ES\u0669\u066121000418450200051332"]
)
def test_what_is_odd_is_answered_as_the_library_does(number: str) -> None:
    assert is_iban(number) is iban.is_valid(number, check_country=False)


@given(st.sampled_from(COUNTRIES), st.text(CHARACTERS, max_size=30))
def test_any_number_is_answered_as_the_library_does(country: str, rest: str) -> None:
    number = f"{country}{rest}"
    assert is_iban(number) is iban.is_valid(number, check_country=False)


@given(st.sampled_from(COUNTRIES[:6]), st.data())
def test_made_ones_are_answered_as_the_library_does(
    country: str, data: st.DataObject
) -> None:
    form = numdb.get("iban").info(country)[0][1]["bban"]
    sets = {"n": "0123456789", "a": "ABXYZ", "c": "0123456789ABXYZ"}
    account = ""
    for part in (
        form.replace("!", "")
        .replace("n", "n ")
        .replace("a", "a ")
        .replace("c", "c ")
        .split()
    ):
        size = int(part[:-1])
        account += data.draw(
            st.text(st.sampled_from(sets[part[-1]]), min_size=size, max_size=size)
        )
    number = f"{country}{iban.calc_check_digits(f'{country}00{account}')}{account}"
    assert is_iban(number)
    assert iban.is_valid(number, check_country=False)
