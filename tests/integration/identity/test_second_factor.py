"""Codes of time, asked for at sign-in, taken once; on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyotp
import pytest
import sqlalchemy as sa

from integritas.identity.api import Login, NewApiKey, Principal
from integritas.identity.tables import RECOVERY_CODES, SECOND_FACTORS
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.errors import (
    Conflict,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    SecondFactorRequired,
    TooManyRequests,
)
from integritas.kernel.ids import DEFAULT_TENANT, UserId
from integritas.platform.sealing import FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.integration.identity.conftest import World

pytestmark = pytest.mark.integration
CONTEXT = Context(DEFAULT_TENANT, SYSTEM, "test")
PASSWORD = "correct horse battery"


class Authenticator:
    """What a person has in their hand."""

    def __init__(self, world: World, secret: str) -> None:
        self._clock = world.clock
        self._totp = pyotp.TOTP(secret)

    def code(self, drift_s: float = 0) -> str:
        return self._totp.at(int(self._clock.now().timestamp() + drift_s))


async def enrolled(
    world: World, name: str = "ann"
) -> tuple[Principal, Authenticator, Sequence[str]]:
    """Return somebody with a second factor, at a moment whose code is fresh."""
    principal = await world.signed_in(name)
    factors = world.identity.factors
    enrolment = await factors.begin(principal, "req")
    authenticator = Authenticator(world, enrolment.secret)
    codes = await factors.confirm(principal, authenticator.code(), "req")
    world.clock.advance(60)
    return principal, authenticator, codes


async def login(world: World, code: str | None, password: str = PASSWORD) -> None:
    await world.identity.sessions.login(
        Login(DEFAULT_TENANT, "ann", password, "192.0.2.7", code), "req"
    )


async def test_begun_is_not_asked_for(world: World) -> None:
    principal = await world.signed_in()
    enrolment = await world.identity.factors.begin(principal, "req")
    assert "ann" in enrolment.uri
    assert enrolment.secret in enrolment.uri
    assert enrolment.secret not in repr(enrolment)
    await login(world, None)


async def test_confirmed_is_asked_for(world: World) -> None:
    _, authenticator, _ = await enrolled(world)
    with pytest.raises(SecondFactorRequired):
        await login(world, None)
    await login(world, authenticator.code())


async def test_a_wrong_password_tells_nothing_of_it(world: World) -> None:
    _, authenticator, _ = await enrolled(world)
    for code in (None, authenticator.code()):
        with pytest.raises(NotAuthenticated) as refused:
            await login(world, code, "wrong password")
        assert not isinstance(refused.value, SecondFactorRequired)
    await login(world, authenticator.code())  # it was not used up


@pytest.mark.parametrize("drift_s", [-30, 0, 30])
async def test_clocks_may_differ_by_half_a_minute(world: World, drift_s: int) -> None:
    _, authenticator, _ = await enrolled(world)
    await login(world, authenticator.code(drift_s))


@pytest.mark.parametrize("drift_s", [-90, 90, 3600])
async def test_and_no_further(world: World, drift_s: int) -> None:
    _, authenticator, _ = await enrolled(world)
    with pytest.raises(SecondFactorRequired, match="wrong"):
        await login(world, authenticator.code(drift_s))


async def test_a_code_works_once_and_so_do_those_before(world: World) -> None:
    _, authenticator, _ = await enrolled(world)
    await login(world, authenticator.code())
    for drift_s in (0, -30):
        with pytest.raises(SecondFactorRequired, match="used before"):
            await login(world, authenticator.code(drift_s))
    world.clock.advance(30)
    await login(world, authenticator.code())


async def test_a_recovery_code_works_once(world: World) -> None:
    _, _, codes = await enrolled(world)
    assert len(set(codes)) == 10
    await login(world, codes[3].upper())
    with pytest.raises(SecondFactorRequired):
        await login(world, codes[3])
    await login(world, codes[4].replace("-", ""))


async def test_a_code_of_another_is_none(world: World) -> None:
    _, _, codes = await enrolled(world)
    _, authenticator, others = await enrolled(world, "bob")
    for code in (authenticator.code(), others[0]):
        with pytest.raises(SecondFactorRequired):
            await login(world, code)
    await login(world, codes[0])


@pytest.mark.parametrize(
    "code", ["000000", "12345", "١٢٣٤٥٦", "\0", "\ud800", "' OR 1", "a" * 1000]
)
async def test_what_is_no_code_is_refused(world: World, code: str) -> None:
    await enrolled(world)
    with pytest.raises(SecondFactorRequired):
        await login(world, code)


async def test_guessing_codes_pauses_the_name(world: World) -> None:
    _, authenticator, _ = await enrolled(world)
    for guess in range(5):
        with pytest.raises(SecondFactorRequired):
            await login(world, f"{guess:06}")
    with pytest.raises(TooManyRequests):
        await login(world, authenticator.code())
    world.clock.advance(2)
    await login(world, authenticator.code())


async def test_refusals_are_in_the_journal(world: World) -> None:
    user, authenticator, _ = await enrolled(world)
    for code in (None, "000000"):
        with pytest.raises(SecondFactorRequired):
            await login(world, code)
    await login(world, authenticator.code())
    failed = await world.entries("login_failed")
    assert [(e.subject, e.data["cause"]) for e in failed] == [
        (user.user, "second_factor_required"),
        (user.user, "wrong_code"),
    ]


async def test_what_is_done_is_in_the_journal_and_no_secret_is(world: World) -> None:
    principal, authenticator, _ = await enrolled(world)
    await world.identity.factors.remove(principal, authenticator.code(), "req-9")
    for number, kind in enumerate(("begun", "confirmed", "removed")):
        (entry,) = await world.entries(f"second_factor_{kind}")
        assert entry.subject == entry.actor_id == principal.user
        assert entry.data == {}
        assert await world.personal(entry) is None
        assert entry.correlation_id == ("req", "req", "req-9")[number]


async def test_the_database_alone_holds_no_secret(world: World) -> None:
    principal = await world.signed_in()
    enrolment = await world.identity.factors.begin(principal, "req")
    codes = await world.identity.factors.confirm(
        principal, Authenticator(world, enrolment.secret).code(), "req"
    )
    rows = await world.database.read(
        lambda tx: [
            str(row)
            for table in (SECOND_FACTORS, RECOVERY_CODES)
            for row in tx.execute(sa.select(table))
        ]
    )
    assert len(rows) == 11
    for secret in (enrolment.secret, *codes):
        assert not any(secret in row for row in rows)
    (world.folder / "keys" / FILE).unlink()
    world.clock.advance(60)
    elsewhere = world.again()
    code = Authenticator(world, enrolment.secret).code()
    with pytest.raises(SecondFactorRequired):
        await elsewhere.sessions.login(
            Login(DEFAULT_TENANT, "ann", PASSWORD, code=code), "req"
        )


async def test_another_process_takes_it_too_but_not_twice(world: World) -> None:
    _, authenticator, _ = await enrolled(world)
    wanted = Login(DEFAULT_TENANT, "ann", PASSWORD, code=authenticator.code())
    await world.again().sessions.login(wanted, "req")
    with pytest.raises(SecondFactorRequired):
        await world.identity.sessions.login(wanted, "req")


async def test_confirming_needs_a_right_code(world: World) -> None:
    principal = await world.signed_in()
    factors = world.identity.factors
    with pytest.raises(InvalidInput, match="the code is wrong"):
        await factors.confirm(principal, "000000", "req")
    await factors.begin(principal, "req")
    for guess in range(4):
        with pytest.raises(InvalidInput, match="the code is wrong"):
            await factors.confirm(principal, f"{guess:06}", "req")
    with pytest.raises(TooManyRequests):
        await factors.confirm(principal, "000000", "req")
    await login(world, None)


async def test_begun_anew_the_old_secret_is_worth_nothing(world: World) -> None:
    principal = await world.signed_in()
    factors = world.identity.factors
    old = Authenticator(world, (await factors.begin(principal, "req")).secret)
    new = Authenticator(world, (await factors.begin(principal, "req")).secret)
    with pytest.raises(InvalidInput):
        await factors.confirm(principal, old.code(), "req")
    await factors.confirm(principal, new.code(), "req")


async def test_confirmed_it_can_only_be_removed_with_a_code(world: World) -> None:
    principal, authenticator, _ = await enrolled(world)
    factors = world.identity.factors
    with pytest.raises(Conflict, match="already"):
        await factors.begin(principal, "req")
    with pytest.raises(InvalidInput):
        await factors.remove(principal, "000000", "req")
    with pytest.raises(Conflict, match="already"):
        await factors.confirm(principal, authenticator.code(), "req")
    world.clock.advance(30)
    await factors.remove(principal, authenticator.code(), "req")
    await login(world, None)


async def test_an_administrator_resets_it_and_sessions_end(world: World) -> None:
    principal, _, _ = await enrolled(world)
    user = UserId(str(principal.user))
    await world.identity.factors.reset(CONTEXT, user)
    await world.identity.factors.reset(CONTEXT, user)  # nothing to do
    await login(world, None)
    (entry,) = await world.entries("second_factor_reset")
    assert (entry.subject, entry.actor_id) == (user, "platform:integritas")


async def test_a_reset_of_nobody_is_refused(world: World) -> None:
    await world.user()
    with pytest.raises(NotFound):
        await world.identity.factors.reset(CONTEXT, UserId("user_none"))


async def test_a_reset_ends_the_sessions(world: World) -> None:
    await world.user()
    pair = await world.login()
    factors = world.identity.factors
    enrolment = await factors.begin(pair.principal, "req")
    code = Authenticator(world, enrolment.secret).code()
    await factors.confirm(pair.principal, code, "req")
    await factors.reset(CONTEXT, UserId(str(pair.principal.user)))
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(pair.access_token)


async def test_a_key_has_none(world: World) -> None:
    principal = await world.signed_in()
    issued = await world.identity.keys.create(principal, NewApiKey("mine"), "req")
    by_key = await world.identity.verify(issued.secret)
    for act in (
        world.identity.factors.begin(by_key, "req"),
        world.identity.factors.confirm(by_key, "123456", "req"),
        world.identity.factors.remove(by_key, "123456", "req"),
    ):
        with pytest.raises(NotPermitted, match="sign in"):
            await act
