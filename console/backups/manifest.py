"""What a backup says of itself: `About` before its content, `Manifest` behind it. Nothing in them is secret."""

from __future__ import annotations

import msgspec

from console.backups.key import LockedKey

FORMAT = 1


class About(msgspec.Struct, frozen=True, kw_only=True):
    """`version` of Gatepost; `taken_at` in ISO 8601, UTC; `key`: the fingerprint of what opens its secrets, and
    `locked_key` that key itself, where a passphrase was given.
    """

    format: int = FORMAT
    version: str
    taken_at: str
    node: str
    key: str
    locked_key: LockedKey | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`server`: the number of PostgreSQL's version; `recipients` by status, `messages` and `revision` as they stood in
    the database. `loaded`: segments of the journal that were in the database by then, of which it kept no position.
    `other_nodes`: whose journals and mailboxes are not in here. `missing`: bodies that nobody found. `parts`: of each
    folder, files and octets; `sha256`: of all that stands before.
    """

    about: About
    server: int
    revision: int
    messages: int
    recipients: dict[str, int]
    loaded: list[str]
    other_nodes: list[str]
    missing: int
    parts: dict[str, tuple[int, int]]
    sha256: str


def encode(what: About | Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(what), indent=2) + b"\n"
