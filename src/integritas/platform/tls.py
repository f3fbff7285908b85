"""TLS: our side of it, what we show services, and certificates for development.

Certificates and keys are PEM files that the settings name. The development authority
vouches for this machine alone: `integritas tls init` says so.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from integritas.kernel.errors import Conflict, FieldError, InvalidInput
from integritas.platform.security import write_private_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from integritas.kernel.clock import Clock
    from integritas.platform.config import Settings

__all__ = ["DevelopmentFiles", "make_development_files", "services_context", "serving"]

CA_DAYS: Final = 3_650
LEAF_DAYS: Final = 365
_BACKDATED: Final = timedelta(minutes=5)


# Settings -------------------------------------------------------------------------


def serving(settings: Settings) -> dict[str, Any]:
    """Return what uvicorn is told of TLS; nothing without a certificate.

    Raises:
        InvalidInput: a file is missing, or does not fit the others.
    """
    cert, key = settings.tls_cert_file, settings.tls_key_file
    ca = settings.tls_client_ca_file
    if cert is None and key is None and ca is None:
        return {}
    if cert is None or key is None:
        lacking = "TLS_CERT_FILE" if cert is None else "TLS_KEY_FILE"
        raise _not_usable(lacking, "is not set", "set both, or neither")
    _load(ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), cert, key, "TLS", ca)
    options: dict[str, Any] = {"ssl_certfile": cert, "ssl_keyfile": key}
    if ca is not None:
        options |= {"ssl_ca_certs": str(ca), "ssl_cert_reqs": ssl.CERT_REQUIRED}
    return options


def services_context(settings: Settings) -> ssl.SSLContext | None:
    """Return how we call services over TLS; None: as the system does.

    Raises:
        InvalidInput: a file is missing, or does not fit the others.
    """
    ca = settings.services_ca_file
    cert, key = settings.services_cert_file, settings.services_key_file
    if ca is None and cert is None and key is None:
        return None
    if (cert is None) != (key is None):
        lacking = "SERVICES_CERT_FILE" if cert is None else "SERVICES_KEY_FILE"
        raise _not_usable(lacking, "is not set", "set both, or neither")
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    _load(context, cert, key, "SERVICES", ca)
    return context


def _load(
    context: ssl.SSLContext,
    cert: Path | None,
    key: Path | None,
    prefix: str,
    ca: Path | None,
) -> None:
    name = f"{prefix}_CERT_FILE"
    try:
        if cert is not None:
            context.load_cert_chain(cert, key)
        name = "TLS_CLIENT_CA_FILE" if prefix == "TLS" else "SERVICES_CA_FILE"
        if ca is not None:
            context.load_verify_locations(ca)
    except OSError as error:  # ssl.SSLError is one
        why = getattr(error, "reason", None) or error.strerror or str(error)
        raise _not_usable(name, f"cannot be used: {why}", "name a PEM file") from error


def _not_usable(name: str, why: str, remedy: str) -> InvalidInput:
    return InvalidInput(
        "TLS is not set up", errors=(FieldError(f"INTEGRITAS_{name}", why, remedy),)
    )


# For development -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DevelopmentFiles:
    """An authority of one's own, and what it vouches for: a server and a client."""

    ca: Path
    server: tuple[Path, Path]
    client: tuple[Path, Path]


def make_development_files(
    folder: Path, hosts: Sequence[str], clock: Clock
) -> DevelopmentFiles:
    """Make an authority, and certificates for a server of `hosts` and for a client.

    Raises:
        Conflict: the folder has them already.
        OSError: it cannot be written.
    """
    files = DevelopmentFiles(
        ca=folder / "ca.pem",
        server=(folder / "server.pem", folder / "server.key"),
        client=(folder / "client.pem", folder / "client.key"),
    )
    if files.ca.exists():
        raise Conflict(
            f"{files.ca} is there already",
            errors=(
                FieldError(
                    "--dir", "has an authority", "use it, or move the folder away"
                ),
            ),
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = _Authority(clock.now())
    write_private_file(folder / "ca.key", _pem_key(authority.key))
    for (cert, key), name, names in (
        (files.server, hosts[0], [_name(host) for host in hosts]),
        (files.client, "integritas", [x509.DNSName("integritas")]),
    ):
        certificate, private = authority.issue(
            name, names, server=cert.stem == "server"
        )
        write_private_file(key, _pem_key(private))
        cert.write_bytes(certificate)
    files.ca.write_bytes(authority.certificate)  # last: it says all is there
    return files


class _Authority:
    """Vouches for certificates; its key is P-256, as every client knows."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.key = ec.generate_private_key(ec.SECP256R1())
        self._name = _subject("Integritas development authority")
        signed = (
            self._builder(self._name, self.key, CA_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.certificate = signed.public_bytes(serialization.Encoding.PEM)

    def issue(
        self, name: str, names: Sequence[x509.GeneralName], *, server: bool
    ) -> tuple[bytes, ec.EllipticCurvePrivateKey]:
        """Return a certificate (PEM) and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        purpose = ExtendedKeyUsageOID
        use = purpose.SERVER_AUTH if server else purpose.CLIENT_AUTH
        signed = (
            self._builder(_subject(name), key, LEAF_DAYS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return signed.public_bytes(serialization.Encoding.PEM), key

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
    ) -> x509.CertificateBuilder:
        own = self.key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - _BACKDATED)
            .not_valid_after(self._now + timedelta(days=days))
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(own), False
            )
        )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _name(host: str) -> x509.GeneralName:
    try:
        address: IPv4Address | IPv6Address = ip_address(host)
    except ValueError:
        return x509.DNSName(host)
    return x509.IPAddress(address)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
