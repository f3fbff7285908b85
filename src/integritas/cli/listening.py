"""The socket a server listens on: opened, taken over, or handed to its successor.

A socket is taken over as systemd's `sd_listen_fds(3)` has it: `LISTEN_FDS=1` and
`LISTEN_PID` in the environment, the socket as file descriptor 3. Who connects while
nobody accepts waits in its backlog and is refused by nobody, so a process that replaces
itself by its successor, or is replaced beside a supervisor's socket, loses no caller.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from integritas.kernel.errors import Conflict, FieldError, InvalidInput

if TYPE_CHECKING:
    from integritas.platform.config import Settings

__all__ = ["address", "begin_anew", "listen"]

FIRST_FD: Final = 3
BACKLOG: Final = 2_048
_COUNT, _PID = "LISTEN_FDS", "LISTEN_PID"


def listen(settings: Settings) -> socket.socket:
    """Return the socket we were handed, or one on the address of the settings.

    Raises:
        Conflict: the port is in use, or the address is not this machine's.
        InvalidInput: what we were handed is not one listening socket.
    """
    handed = _handed()
    return _opened(settings) if handed is None else handed


def _handed() -> socket.socket | None:
    """Return the socket handed to this very process; a child is not to take it too."""
    count, pid = os.environ.pop(_COUNT, None), os.environ.pop(_PID, None)
    if count is None or pid != str(os.getpid()):
        return None
    if count != "1":
        raise _not_ours(f"{count} sockets were handed over")
    try:
        listener = socket.socket(fileno=FIRST_FD)
        listening = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise _not_ours(f"file descriptor {FIRST_FD}: {error.strerror}") from error
    if not listening:
        listener.detach()  # whose it is, we do not know
        raise _not_ours(f"file descriptor {FIRST_FD} does not listen")
    listener.set_inheritable(False)
    return listener


def _not_ours(what: str) -> InvalidInput:
    return InvalidInput(
        f"cannot take over a socket: {what}",
        errors=(
            FieldError(
                _COUNT, what, "hand over one listening stream socket, or unset it"
            ),
        ),
    )


def _opened(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Conflict(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}",
            errors=(_to_blame(settings, error),),
        ) from error
    return listener


def _to_blame(settings: Settings, error: OSError) -> FieldError:
    why = str(error.strerror)
    if error.errno in {errno.EADDRINUSE, errno.EACCES}:
        remedy = "choose another port (0 takes a free one), or stop what uses it"
        return FieldError("INTEGRITAS_PORT", f"{settings.port}: {why}", remedy)
    remedy = "name an address of this machine, such as 127.0.0.1 or 0.0.0.0"
    return FieldError("INTEGRITAS_HOST", why, remedy)


def address(listener: socket.socket, settings: Settings) -> str:
    """Return the URL of a listening socket."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    scheme = "http" if settings.tls_cert_file is None else "https"
    return f"{scheme}://{host}:{listener.getsockname()[1]}"


def begin_anew(listener: socket.socket) -> NoReturn:
    """Become the program as it is on disk now, with the same process id and socket."""
    if listener.fileno() == FIRST_FD:
        listener.set_inheritable(True)
    else:
        os.dup2(listener.fileno(), FIRST_FD)  # what was there ends with us
    os.environ |= {_COUNT: "1", _PID: str(os.getpid())}
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - us
