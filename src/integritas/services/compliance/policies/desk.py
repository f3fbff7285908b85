"""Policies of tenants: drafts, tried, proposed, published by a second person.

What decides is chosen by channel and date among the published versions; until a tenant
publishes one, the shipped policy decides. What is published never changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import rfc8785

from integritas.kernel.clock import format_time
from integritas.kernel.contracts import Fact
from integritas.kernel.errors import (
    Conflict,
    FieldError,
    InvalidDefinition,
    InvalidInput,
    NotFound,
    Refused,
    VersionConflict,
)
from integritas.services.compliance.policies.deciding import PolicyDecider
from integritas.services.compliance.policies.examples import run_examples
from integritas.services.compliance.policies.policy import Policy, validate_policy
from integritas.services.compliance.policies.store import (
    PolicyRecord,
    PolicyState,
    find_newest,
    find_version,
    insert_policy,
    list_newest,
    list_published,
    replace_policy,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Context, Finding, Recorder
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Database, Transaction
    from integritas.services.compliance.policies.examples import ExampleResult
    from integritas.services.compliance.policies.policy import Example

__all__ = ["DEFAULT", "InForce", "PolicyDesk"]

DEFAULT: Final = "default"
"""The policy of every channel that no other policy names."""

PROPOSED: Final = "integritas.compliance.policy_proposed.v1"
PUBLISHED: Final = "integritas.compliance.policy_published.v1"
SAVED: Final = "integritas.compliance.policy_saved.v1"

_FRESH: Final = timedelta(seconds=1)
"""How long another process may go on with what was in force before a publication."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The policies that decide at one moment."""

    default: Policy
    channels: Mapping[str, Policy]

    def choose(self, channel: str) -> Policy:
        """Return the policy that decides what came by a channel."""
        return self.channels.get(channel, self.default)


@dataclass(frozen=True, slots=True)
class _Kept:
    read_at: datetime
    published: Sequence[tuple[datetime, Policy]]


class PolicyDesk:
    """The policies of all tenants, over one database."""

    def __init__(
        self, database: Database, recorder: Recorder, clock: Clock, shipped: Policy
    ) -> None:
        """Read nothing yet; `shipped` decides until something is published."""
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._shipped = shipped
        self._kept: dict[TenantId, _Kept] = {}

    async def list(self, tenant: TenantId) -> Sequence[PolicyRecord]:
        """Return the newest version of each policy, by name."""
        return await self._database.read(lambda tx: list_newest(tx, tenant))

    async def get(
        self, tenant: TenantId, name: str, version: int | None = None
    ) -> PolicyRecord:
        """Return a version of a policy, the newest if none is named.

        Raises:
            NotFound: there is none of that name and version.
        """
        return await self._database.read(lambda tx: _get(tx, tenant, name, version))

    async def policy(
        self, tenant: TenantId, name: str, version: int | None = None
    ) -> Policy:
        """Return a version as what decides.

        Raises:
            NotFound: there is none of that name and version.
        """
        return _parsed(await self.get(tenant, name, version))

    async def decider(
        self, tenant: TenantId, name: str, version: int | None = None
    ) -> PolicyDecider:
        """Return what decides by a version, whatever is in force.

        Raises:
            NotFound: there is none of that name and version.
        """
        return PolicyDecider(await self.policy(tenant, name, version))

    async def create(
        self, context: Context, document: Mapping[str, Any]
    ) -> PolicyRecord:
        """Save the first draft of a new policy.

        Raises:
            InvalidDefinition: with each thing that is wrong in the document.
            Conflict: there is a policy of that name.
        """
        record = self._draft(context, document, version=1, revision=1)

        def work(tx: Transaction) -> PolicyRecord:
            if find_newest(tx, context.tenant, record.name) is not None:
                raise Conflict(f"there is a policy {record.name}: change that one")
            insert_policy(tx, context.tenant, record)
            self._record(tx, context, SAVED, record)
            return record

        return await self._database.transact(work)

    async def save(
        self,
        context: Context,
        name: str,
        document: Mapping[str, Any],
        expected: tuple[int, int] | None,
    ) -> PolicyRecord:
        """Save a draft; a proposal of it is void. After a publication: a new version.

        `expected` are version and revision that were read, None for any.

        Raises:
            InvalidDefinition: with each thing that is wrong in the document.
            NotFound: there is no policy of that name.
            VersionConflict: somebody saved it since.
        """
        # Checked before the writer is asked for; the numbers are set there.
        checked = self._draft(context, document, version=1, revision=1)
        if checked.name != name:
            raise InvalidDefinition(
                "the policy is not valid",
                errors=(FieldError("name", "is another", f"write {name}"),),
            )

        def work(tx: Transaction) -> PolicyRecord:
            newest = _get(tx, context.tenant, name)
            _expect(newest, expected)
            if newest.state is PolicyState.PUBLISHED:
                record = self._draft(
                    context, document, version=newest.version + 1, revision=1
                )
                insert_policy(tx, context.tenant, record)
            else:
                record = self._draft(
                    context,
                    document,
                    version=newest.version,
                    revision=newest.revision + 1,
                )
                replace_policy(tx, context.tenant, record)
            self._record(tx, context, SAVED, record)
            return record

        return await self._database.transact(work)

    async def test(
        self, tenant: TenantId, name: str, examples: Sequence[Example] | None = None
    ) -> Sequence[ExampleResult]:
        """Run the examples of the newest version, or others; nothing is recorded.

        Raises:
            NotFound: there is no policy of that name.
        """
        return run_examples(await self.policy(tenant, name), examples)

    async def publish(
        self,
        context: Context,
        name: str,
        expected: tuple[int, int] | None,
        effective_from: datetime | None = None,
    ) -> PolicyRecord:
        """Propose a draft, or publish what somebody else proposed.

        The second person is neither the author nor who proposed it. The date is that
        of the proposal.

        Raises:
            NotFound: there is no policy of that name.
            VersionConflict: somebody saved it since.
            Refused: an example fails, there is none, or the person is the same.
            Conflict: it is published already, or another policy has its channel.
        """

        def work(tx: Transaction) -> PolicyRecord:
            newest = _get(tx, context.tenant, name)
            _expect(newest, expected)
            if newest.state is PolicyState.PUBLISHED:
                raise Conflict(f"{name} {newest.version} is published already")
            policy = _parsed(newest)
            _check_examples(policy)
            self._check_channels(tx, context.tenant, policy)
            if newest.state is PolicyState.DRAFT:
                record = self._proposed(context, newest, effective_from)
                kind = PROPOSED
            else:
                record = self._published(context, newest, effective_from)
                kind = PUBLISHED
            replace_policy(tx, context.tenant, record)
            self._record(tx, context, kind, record)
            return record

        record = await self._database.transact(work)
        self._kept.pop(context.tenant, None)
        return record

    async def in_force(self, tenant: TenantId) -> InForce:
        """Return what decides now."""
        now = self._clock.now()
        kept = self._kept.get(tenant)
        if kept is None or not timedelta() <= now - kept.read_at < _FRESH:
            records = await self._database.read(lambda tx: list_published(tx, tenant))
            before = {} if kept is None else {p.digest: p for _, p in kept.published}
            kept = self._kept[tenant] = _Kept(
                now,
                [
                    # Compiled once: a version that is known is not parsed again.
                    (
                        record.effective_from or record.saved_at,
                        before.get(record.digest) or _parsed(record),
                    )
                    for record in records
                ],
            )
        chosen = {p.name: p for start, p in kept.published if start <= now}
        return InForce(
            chosen.get(DEFAULT, self._shipped),
            {c: policy for policy in chosen.values() for c in policy.channels},
        )

    async def second_reviewer(
        self,
        tenant: TenantId,
        channel: str,
        service: str,
        finding: Finding,
        review: str,
    ) -> str | None:
        """Return what in the policy has a second person agree to a review, or None."""
        policy = (await self.in_force(tenant)).choose(channel)
        return policy.asks_second(service, finding, review)

    # Drafts and publications ------------------------------------------------------

    def _draft(
        self,
        context: Context,
        document: Mapping[str, Any],
        *,
        version: int,
        revision: int,
    ) -> PolicyRecord:
        written = {**document, "version": str(version)}
        body = _canonical(written)
        policy = validate_policy(written, body, origin="sent")
        return PolicyRecord(
            name=policy.name,
            version=version,
            revision=revision,
            state=PolicyState.DRAFT,
            document=written,
            digest=policy.digest,
            author=context.actor.id,
            saved_at=self._clock.now(),
        )

    def _proposed(
        self, context: Context, draft: PolicyRecord, effective_from: datetime | None
    ) -> PolicyRecord:
        now = self._clock.now()
        start = now if effective_from is None else effective_from
        if start < now:
            raise InvalidInput(
                "the policy cannot begin in the past",
                errors=(
                    FieldError("effective_from", "is past", "leave it out, for now"),
                ),
            )
        return replace(
            draft,
            state=PolicyState.PROPOSED,
            proposed_by=context.actor.id,
            proposed_at=now,
            effective_from=start,
        )

    def _published(
        self, context: Context, proposal: PolicyRecord, effective_from: datetime | None
    ) -> PolicyRecord:
        if context.actor.id in {proposal.author, proposal.proposed_by}:
            raise Refused(
                "a policy is published by a second person: not by its author, nor by"
                " who proposed it"
            )
        if effective_from not in {None, proposal.effective_from}:
            raise Conflict("the proposal names another date: save it and propose anew")
        now = self._clock.now()
        return replace(
            proposal,
            state=PolicyState.PUBLISHED,
            published_by=context.actor.id,
            published_at=now,
            effective_from=max(now, proposal.effective_from or now),
        )

    def _check_channels(
        self, tx: Transaction, tenant: TenantId, policy: Policy
    ) -> None:
        if (policy.name == DEFAULT) == bool(policy.channels):
            what = "is for all others" if policy.name == DEFAULT else "are missing"
            remedy = f"name channels, or none and the policy {DEFAULT}"
            raise InvalidInput(
                "the policy's channels are not valid",
                errors=(FieldError("channels", what, remedy),),
            )
        newest = {record.name: record for record in list_published(tx, tenant)}
        for record in newest.values():
            taken = policy.channels & set(record.document.get("channels", ()))
            if record.name != policy.name and taken:
                raise Conflict(f"{record.name} decides {', '.join(sorted(taken))}")

    def _record(
        self, tx: Transaction, context: Context, kind: str, record: PolicyRecord
    ) -> None:
        start = record.effective_from
        fact = Fact(
            type=kind,
            subject=f"policy:{record.name}",
            data={
                "name": record.name,
                "version": record.version,
                "revision": record.revision,
                "digest": record.digest,
                "effective_from": None if start is None else format_time(start),
            },
        )
        self._recorder.record(tx, context, [fact])


def _get(
    tx: Transaction, tenant: TenantId, name: str, version: int | None = None
) -> PolicyRecord:
    find: Callable[[], PolicyRecord | None] = (
        (lambda: find_newest(tx, tenant, name))
        if version is None
        else (lambda: find_version(tx, tenant, name, version))
    )
    found = find()
    if found is None:
        which = name if version is None else f"{name} {version}"
        raise NotFound(f"there is no policy {which}")
    return found


def _expect(found: PolicyRecord, expected: tuple[int, int] | None) -> None:
    if expected is not None and (found.version, found.revision) != expected:
        raise VersionConflict(
            f"the policy {found.name} was saved since: read it, then change it"
        )


def _check_examples(policy: Policy) -> None:
    if not policy.examples:
        raise Refused("a policy without examples is not published: add some")
    failed = [result for result in run_examples(policy) if not result.passed]
    if failed:
        raise Refused(
            f"{len(failed)} of {len(policy.examples)} examples fail",
            errors=tuple(
                FieldError(
                    f"examples[{result.name}]",
                    "; ".join(result.differences),
                    "change the policy, or what the example expects of it",
                )
                for result in failed
            ),
        )


def _canonical(document: Mapping[str, Any]) -> bytes:
    try:
        return rfc8785.dumps(dict(document))
    except (rfc8785.CanonicalizationError, ValueError, RecursionError) as error:
        raise InvalidDefinition(
            "the policy is not valid",
            errors=(FieldError("(whole)", str(error), "send plain JSON"),),
        ) from error


def _parsed(record: PolicyRecord) -> Policy:
    origin = f"{record.name} {record.version}"
    return validate_policy(record.document, _canonical(record.document), origin=origin)
