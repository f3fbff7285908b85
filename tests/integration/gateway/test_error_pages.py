"""The type of every problem leads to a page that says what to do."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from integritas.platform.problems import STATUS, TITLES


@pytest.mark.parametrize("code", sorted(STATUS))
async def test_the_type_of_every_problem_resolves(gateway: Any, code: str) -> None:
    async with gateway.client() as client:
        pages = [
            await client.get(f"/api/errors/{name}")
            for name in (code, f"urn:integritas:problem:{code}")
        ]
    assert {page.status_code for page in pages} == {200}
    assert pages[0].text == pages[1].text
    page = pages[0]
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", "", page.text)).split())
    assert f"{TITLES[code]}. Status {STATUS[code]}" in text
    assert "`" not in text
    assert "**" not in text


async def test_the_catalogue_lists_them_all(gateway: Any) -> None:
    async with gateway.client() as client:
        page = await client.get("/api/errors")
    listed = re.findall(r'href="/api/errors/(\w+)"', page.text)
    assert sorted(listed) == sorted(STATUS)
    assert "request_id" in page.text


@pytest.mark.parametrize(
    "code", ["nothing", "urn:integritas:problem:", "%3Cscript%3E", "a" * 5_000, "%22"]
)
async def test_what_is_no_error_is_not_found(gateway: Any, code: str) -> None:
    async with gateway.client() as client:
        page = await client.get(f"/api/errors/{code}")
    assert page.status_code == 404
    assert page.headers["content-type"] == "application/problem+json"


async def test_a_problem_that_was_met_leads_to_its_page(gateway: Any) -> None:
    async with gateway.client() as client:
        problem = (await client.get("/api/v1/cases")).json()
        page = await client.get(f"/api/errors/{problem['type']}")
    assert page.status_code == 200
    assert "Sign in first" in page.text
