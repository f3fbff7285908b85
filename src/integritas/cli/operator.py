"""Who works on the command line, as entries of the log tell of it."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import replace

from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.ids import TenantId

__all__ = ["operator_context"]


def operator_context(tenant: TenantId, what: str) -> Context:
    """Return the circumstances of a command.

    It acts for the platform: whoever may read the state folder may do anything. The
    account and the machine stand where the address of a caller stands, beside the
    entry and erasable.
    """
    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in a container
        account = str(os.getuid()) if hasattr(os, "getuid") else "unknown"
    actor = replace(SYSTEM, address=f"{account}@{socket.gethostname()}")
    return Context(tenant, actor, what)
