"""`integritas audit`: the commands of the log, from the modules that hold them."""

from __future__ import annotations

from integritas.cli import (
    audit,
    audit_keeping,
    audit_search,
    reconcile,
    timestamp,
    witness,
)

__all__ = ["app"]

app = audit.app
app.command(name="search")(audit_search.search)
app.command(name="reconcile")(reconcile.reconcile_all)
app.command(name="witness")(witness.witness)
app.command(name="cosign")(witness.cosign)
app.command(name="timestamp")(timestamp.timestamp)
app.command(name="hold")(audit_keeping.hold)
app.command(name="release")(audit_keeping.release)
app.command(name="holds")(audit_keeping.holds)
app.command(name="erase")(audit_keeping.erase)
app.command(name="prune")(audit_keeping.prune)
