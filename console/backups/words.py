"""What is in a backup, and what came of it, in lines for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from console.backups.manifest import Manifest
from console.backups.restoring import Settled

WAITING = ("ready", "suspended")


def contents(manifest: Manifest) -> Iterator[str]:
    """What it says of itself."""
    about = manifest.about
    yield f"Taken        {about.taken_at} on {about.node}, by Gatepost {about.version}, revision {manifest.revision}"
    yield f"Key          {about.key}, {'locked in by a passphrase' if about.locked_key else 'not in the file: keep it'}"
    waiting = sum(manifest.recipients.get(status, 0) for status in WAITING)
    yield f"Messages     {manifest.messages:,}, of which {waiting:,} recipients wait"
    for name, (files, octets) in manifest.parts.items():
        yield f"{name.capitalize():<12} {files:,} files, {octets:,} octets"
    if manifest.missing:
        yield f"Attention: the bodies of {manifest.missing} large messages that wait were nowhere to be found."
    if manifest.other_nodes:
        names = ", ".join(manifest.other_nodes)
        yield f"Attention: what lies on other machines is not in it (journal and mailboxes of {names})."


def outcome(settled: Settled) -> Iterator[str]:
    """Of a restore, or of a check."""
    yield (
        f"The books balance: {settled.accepted:,} recipients accepted, {settled.delivered:,} delivered, "
        f"{settled.failed:,} bounced, {settled.removed:,} removed, {settled.held:,} wait and are held."
    )
    if settled.relay:
        yield f"Relay proof: {settled.relay}"


def failure(error: OSError | psycopg.Error, file: object) -> str:
    """What the system or PostgreSQL said, and of which file: of this one where it does not say."""
    if isinstance(error, OSError):
        return f"{error.filename or file}: {error.strerror or error}"
    return f"PostgreSQL: {' '.join(str(error).split())}"
