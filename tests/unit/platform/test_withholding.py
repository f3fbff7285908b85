"""Pages of what may be seen, and documents that mention what may not."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from integritas.platform.withholding import mentions, visible_page


@given(
    st.lists(st.integers(0, 99), unique=True, max_size=30),
    st.sets(st.integers(0, 99)),
    st.integers(1, 7),
)
async def test_pages_are_those_of_a_list_without_what_is_hidden(
    items: list[int], hidden: set[int], limit: int
) -> None:
    items.sort()

    async def ask(at: int | None, most: int) -> Sequence[int]:
        return [item for item in items if at is None or item > at][:most]

    seen: list[int] = []
    at: int | None = None
    visible = [item for item in items if item not in hidden]
    for number in range(len(items) + 2):
        page, at = await visible_page(
            ask, lambda item: item not in hidden, lambda item: item, at=at, limit=limit
        )
        assert list(page) == visible[number * limit : (number + 1) * limit]
        seen += page
        if at is None:
            break
    assert seen == visible


def test_an_id_is_found_wherever_it_stands() -> None:
    ids = frozenset({"case_1"})
    assert mentions("case_1", ids)
    assert mentions({"a": [{"b": ("x", "case_1")}]}, ids)
    assert mentions({"case_1": 1}, ids)
    assert not mentions({"a": ["case_12", 1, None, "of case_1"]}, ids)
    assert not mentions("case_1", frozenset())
