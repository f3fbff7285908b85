"""The error tree is what its drawing says."""

from __future__ import annotations

import re

import pytest

from integritas.kernel import errors
from integritas.kernel.errors import (
    FieldError,
    IntegritasError,
    InvalidInput,
    TooManyRequests,
)


def tree(kind: type[IntegritasError] = IntegritasError) -> list[type[IntegritasError]]:
    """Return all classes of the kernel's tree."""
    below = [s for s in kind.__subclasses__() if s.__module__ == errors.__name__]
    return [kind, *(found for sub in below for found in tree(sub))]


ALL = tree()
BELOW_ROOT = ALL[1:]
DRAWING = re.findall(
    r"^([│ ├└─]*)(\w+) {2,}(\w+) {2,}(.+)$", errors.__doc__ or "", re.MULTILINE
)


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in ALL]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("kind", BELOW_ROOT)
def test_code_is_the_name_in_snake_case(kind: type[IntegritasError]) -> None:
    assert kind.code == re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
    assert "code" in vars(kind)


@pytest.mark.parametrize("kind", BELOW_ROOT)
def test_each_error_has_its_own_title(kind: type[IntegritasError]) -> None:
    assert "title" in vars(kind)
    assert len({k.title for k in ALL}) == len(ALL)


def test_the_drawing_names_every_error_with_its_code() -> None:
    drawn = {name: code for _, name, code, _ in DRAWING}
    assert drawn == {kind.__name__: kind.code for kind in BELOW_ROOT}


def test_the_drawing_shows_who_derives_from_whom() -> None:
    parents: dict[str, str] = {}
    stem = "IntegritasError"
    for indent, name, _, _ in DRAWING:
        if indent.startswith(("├", "└")):
            parents[name], stem = "IntegritasError", name
        else:
            parents[name] = stem
    assert parents == {kind.__name__: kind.__mro__[1].__name__ for kind in BELOW_ROOT}


def test_the_drawing_marks_what_may_be_retried() -> None:
    marked = {name for _, name, _, text in DRAWING if "(retryable)" in text}
    running = {"IdempotencyRunning"}  # "not answered yet" says it
    assert marked | running == {k.__name__ for k in BELOW_ROOT if k.retryable}


def test_every_error_is_exported() -> None:
    assert {kind.__name__ for kind in ALL} < set(errors.__all__)


@pytest.mark.parametrize("kind", ALL)
def test_an_error_says_its_detail(kind: type[IntegritasError]) -> None:
    error = kind("what happened")
    assert error.detail == str(error) == "what happened"
    assert error.errors == ()


def test_an_error_names_its_fields_on_one_line() -> None:
    error = InvalidInput("no", errors=(FieldError("a[1].b", "is wrong", "fix it"),))
    assert str(error) == "no; a[1].b: is wrong (fix it)"


def test_what_the_detail_says_the_field_does_not_say_again() -> None:
    why = "Address already in use"
    error = InvalidInput(f"cannot listen: {why}", errors=(FieldError("a", why, "b"),))
    assert str(error) == "cannot listen: Address already in use; a: b"
    bare = InvalidInput(why, errors=(FieldError("a", why),))
    assert str(bare) == "Address already in use; a: Address already in use"


def test_a_field_error_without_remedy_is_short() -> None:
    assert str(FieldError("a", "is wrong")) == "a: is wrong"


def test_too_many_requests_says_when() -> None:
    assert TooManyRequests("slow down", retry_after_s=2.5).retry_after_s == 2.5
    assert TooManyRequests("slow down").errors == ()
