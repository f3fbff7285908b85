"""Verify an evidence bundle with Python's standard library alone.

    python verify_bundle.py BUNDLE.json [--key VKEY] [--quiet]

This one file needs nothing of the product that made the bundle: hand it on, read it,
run it anywhere. It checks the checkpoint's Ed25519 signature (RFC 8032), and for each
entry the audit path to the signed root (RFC 9162, 2.1.3.2); then it prints what the
entries say. Exit: 0 verified, 1 a difference, 2 not a bundle.

Without --key it trusts the keys inside the bundle, and says so: compare them with keys
you got another way.
"""

# ruff: noqa: T201, S101

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = "integritas-audit-bundle/v1"
MEMBERS = {
    "format": str,
    "origin": str,
    "subject": str,
    "checkpoint": str,
    "keys": list,
    "entries": list,
    "summary": list,
}

# Ed25519, RFC 8032 section 5.1: points in extended coordinates (X, Y, Z, T) ---------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]
NEUTRAL: Point = (0, 1, 1, 0)


def add(p: Point, q: Point) -> Point:
    """Return the sum of two points."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar: int, point: Point) -> Point:
    """Return the point taken `scalar` times."""
    total = NEUTRAL
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def decode_point(blob: bytes) -> Point | None:
    """Return the point of 32 bytes, if they are one (section 5.1.3)."""
    y = int.from_bytes(blob, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if len(blob) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def encode_point(point: Point) -> bytes:
    """Return the 32 bytes of a point."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


_BASE = decode_point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
assert _BASE is not None
BASE: Point = _BASE


def signature_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether an Ed25519 signature is this key's (section 5.1.7)."""
    point = decode_point(public)
    s = int.from_bytes(signature[32:], "little")
    if point is None or len(signature) != 64 or s >= L:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    k = int.from_bytes(digest, "little") % L
    minus = (P - point[0], point[1], point[2], P - point[3])
    return encode_point(add(multiply(s, BASE), multiply(k, minus))) == signature[:32]


# Keys and checkpoints: C2SP signed-note, tlog-checkpoint ----------------------------


class NotABundle(Exception):
    """The file has not the form of a bundle."""


def unbase64(text: object) -> bytes:
    """Return the bytes of canonical base64."""
    try:
        blob = base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotABundle(f"not base64: {str(text)[:40]!r}") from error
    if base64.b64encode(blob).decode() != text:
        raise NotABundle(f"not canonical base64: {str(text)[:40]!r}")
    return blob


def parse_vkey(text: str) -> tuple[str, bytes, bytes]:
    """Return name, key id and public key of `name+id+base64(01 key)`."""
    parts = str(text).strip().split("+", 2)
    if len(parts) != 3 or not parts[0]:
        raise NotABundle(f"not a verifier key: {str(text)[:60]!r}")
    raw = unbase64(parts[2])
    key_id = hashlib.sha256(parts[0].encode() + b"\n" + raw).digest()[:4]
    if raw[:1] != b"\x01" or len(raw) != 33 or key_id.hex() != parts[1]:
        raise NotABundle(f"not an Ed25519 verifier key: {str(text)[:60]!r}")
    return parts[0], key_id, raw[1:]


class Checkpoint:
    """What a signed checkpoint says."""

    def __init__(self, note: str) -> None:
        """Read origin, size, root and signatures, to the byte."""
        text, separator, tail = note.rpartition("\n\n")
        lines = text.split("\n")
        if not separator or len(lines) != 3 or not tail.endswith("\n"):
            raise NotABundle("the checkpoint is not a signed note of three lines")
        self.text = text + "\n"
        self.origin, size, root = lines
        if not (size.isascii() and size.isdigit() and str(int(size)) == size):
            raise NotABundle("the checkpoint's size is malformed")
        self.size, self.root = int(size), unbase64(root)
        if not self.origin or len(self.root) != 32:
            raise NotABundle("the checkpoint's origin or root is malformed")
        self.signatures: list[tuple[str, bytes]] = []
        for line in tail[:-1].split("\n"):
            parts = line.split(" ")
            if len(parts) != 3 or parts[0] != "\N{EM DASH}" or not parts[1]:
                raise NotABundle(f"not a signature line: {line[:60]!r}")
            self.signatures.append((parts[1], unbase64(parts[2])))

    def signed_by(self, keys: list[tuple[str, bytes, bytes]]) -> bool:
        """Say whether a key signed it, and none that claims to did not."""
        known = {(name, key_id): public for name, key_id, public in keys}
        found = False
        for name, blob in self.signatures:
            public = known.get((name, blob[:4]))
            if public is None:
                continue
            if not signature_holds(public, self.text.encode(), blob[4:]):
                return False
            found = True
        return found


# The proof of an entry: RFC 9162 section 2.1.3.2 ------------------------------------


def leads_to(
    root: bytes, leaf: bytes, index: int, size: int, path: list[bytes]
) -> bool:
    """Say whether the path leads from the leaf at `index` to the root."""
    if not 0 <= index < size:
        return False
    position, last, digest = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if position & 1 or position == last:
            digest = hashlib.sha256(b"\x01" + sibling + digest).digest()
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            digest = hashlib.sha256(b"\x01" + digest + sibling).digest()
        position, last = position >> 1, last >> 1
    return last == 0 and digest == root


# The bundle ------------------------------------------------------------------------


def parse(blob: bytes) -> dict[str, Any]:
    """Return the bundle of a file."""
    try:
        bundle = json.loads(blob)
    except ValueError as error:
        raise NotABundle(f"not JSON: {error}") from error
    if not isinstance(bundle, dict) or bundle.get("format") != FORMAT:
        raise NotABundle(f"its format is not {FORMAT}")
    for name, kind in MEMBERS.items():
        if not isinstance(bundle.get(name), kind):
            raise NotABundle(f"{name} is missing or malformed")
    if set(bundle) != set(MEMBERS):
        raise NotABundle(f"unknown members: {sorted(set(bundle) - set(MEMBERS))}")
    for entry in bundle["entries"]:
        if (
            not isinstance(entry, dict)
            or set(entry) != {"index", "body", "proof"}
            or type(entry["index"]) is not int
            or not isinstance(entry["body"], str)
            or not isinstance(entry["proof"], list)
        ):
            raise NotABundle("an entry is malformed")
    return bundle


def summary_of(index: int, document: dict[str, Any]) -> str:
    """Return the line of English on an entry."""
    actor = (document.get("actor") or {}).get("id", "someone")
    return (
        f"{index}: {document.get('time')} {document.get('type')} "
        f"on {document.get('subject')} by {actor}"
    )


def check_entry(
    bundle: dict[str, Any], number: int, checkpoint: Checkpoint
) -> list[str]:
    """Return what is wrong with one entry."""
    entry, where = bundle["entries"][number], f"entries[{number}]"
    leaf = hashlib.sha256(b"\x00" + entry["body"].encode()).digest()
    try:
        path = [unbase64(text) for text in entry["proof"]]
    except NotABundle as error:
        return [f"{where}.proof: {error}"]
    if not leads_to(checkpoint.root, leaf, entry["index"], checkpoint.size, path):
        return [f"{where}: its proof does not lead to the root"]
    document = json.loads(entry["body"])
    found = []
    if document.get("subject") != bundle["subject"]:
        found.append(f"{where}.body: is not on the subject")
    expected = [summary_of(entry["index"], document)]
    if bundle["summary"][number : number + 1] != expected:
        found.append(f"summary[{number}]: is not of the entry")
    return found


def differences(bundle: dict[str, Any], trusted: list[str]) -> list[str]:
    """Return everything that does not verify, each with its place."""
    checkpoint = Checkpoint(bundle["checkpoint"])
    keys = [parse_vkey(text) for text in trusted or bundle["keys"]]
    found = []
    if trusted and not set(trusted) & set(bundle["keys"]):
        found.append("keys: the key trusted is not among them")
    if checkpoint.origin != bundle["origin"]:
        found.append("origin: is not that of the checkpoint")
    if not checkpoint.signed_by([key for key in keys if key[0] == checkpoint.origin]):
        found.append("checkpoint: its signature does not verify")
    previous = -1
    for number, entry in enumerate(bundle["entries"]):
        if entry["index"] <= previous:
            found.append(f"entries[{number}].index: is out of order")
        previous = entry["index"]
        found += check_entry(bundle, number, checkpoint)
    if not bundle["entries"]:
        found.append("entries: there are none")
    if len(bundle["summary"]) > len(bundle["entries"]):
        found.append("summary: has lines without an entry")
    return found


def report(bundle: Mapping[str, Any]) -> str:
    """Return what the bundle proves, for people."""
    checkpoint = Checkpoint(bundle["checkpoint"])
    lines = [
        f"Log        {checkpoint.origin}",
        f"Checkpoint {checkpoint.size} entries, root {checkpoint.root.hex()}",
        f"Subject    {bundle['subject']}",
        f"Proven     {len(bundle['entries'])} entries stand in the log as follows:",
        "",
    ]
    for line, entry in zip(bundle["summary"], bundle["entries"], strict=True):
        data = json.dumps(json.loads(entry["body"]).get("data"), ensure_ascii=False)
        lines += [line, f"    {data}"]
    return "\n".join([*lines, "", "It is not proven that there are no others."])


def main(arguments: list[str] | None = None) -> int:
    """Verify a bundle; return the exit status."""
    parser = argparse.ArgumentParser(description="Verify an evidence bundle.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--key", action="append", default=[], metavar="VKEY")
    parser.add_argument("--quiet", action="store_true", help="no report")
    options = parser.parse_args(arguments)
    try:
        bundle = parse(options.bundle.read_bytes())
        found = differences(bundle, [key.strip() for key in options.key])
    except (OSError, NotABundle, RecursionError) as error:
        print(f"{options.bundle}: {error}", file=sys.stderr)
        return 2
    for line in found:
        print(line)
    if found:
        print(f"NOT verified: {len(found)} differences", file=sys.stderr)
        return 1
    if not options.quiet:
        print(report(bundle), end="\n\n")
    print(f"verified {len(bundle['entries'])} entries on {bundle['subject']}")
    if not options.key:
        print(
            "note: the keys are the bundle's own; compare them with keys from "
            "elsewhere (--key): " + " ".join(map(str, bundle["keys"])),
            file=sys.stderr,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
