"""What differs between two snapshots, object by object and property by property, values as Exchange prints them."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from console.publishing.rows import properties
from transport.config.certificate import Certificate
from transport.config.keytab import Keytab
from transport.config.snapshot import Snapshot

RECEIVE_CONNECTOR = "Receive connector"
SEND_CONNECTOR = "Send connector"
ACCEPTED_DOMAIN = "Accepted domain"
RECIPIENT_FILTER = "Recipient filter"
SENDER_FILTER = "Sender filter"
CONNECTION_FILTER = "Connection filter"
IP_LIST_ENTRY = "IP list entry"
IP_LIST_PROVIDER = "IP list provider"
CERTIFICATE = "Certificate"
KEYTAB = "Keytab"
TRANSPORT_LIMITS = "Transport limits"
TRANSPORT_CONFIG = "Transport configuration"

COLLECTIONS = {
    "receive_connectors": RECEIVE_CONNECTOR,
    "send_connectors": SEND_CONNECTOR,
    "accepted_domains": ACCEPTED_DOMAIN,
    "certificates": CERTIFICATE,
    "keytabs": KEYTAB,
    "ip_list_entries": IP_LIST_ENTRY,
    "ip_list_providers": IP_LIST_PROVIDER,
}
SINGLES = {
    "recipient_filter": RECIPIENT_FILTER,
    "sender_filter": SENDER_FILTER,
    "connection_filter": CONNECTION_FILTER,
    "transport_limits": TRANSPORT_LIMITS,
    "transport_config": TRANSPORT_CONFIG,
}
KINDS = [*COLLECTIONS.values(), *SINGLES.values()]


@dataclass(frozen=True)
class Difference:
    """What became of one object. `lines` are (property, before, after); a new or removed object has one empty side."""

    kind: str
    name: str
    verb: str
    lines: list[tuple[str, str, str]]


def differences(before: Snapshot, after: Snapshot) -> list[Difference]:
    """All objects that differ, in the order of their kinds and names."""
    old, new = objects(before), objects(after)
    keys = sorted(old.keys() | new.keys(), key=lambda key: (KINDS.index(key[0]), key[1].lower()))
    return [_difference(key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)]


def objects(snapshot: Snapshot) -> dict[tuple[str, str], dict[str, str]]:
    """(kind, name) → property → value as shown, for everything in a snapshot."""
    found = {
        (kind, _name(struct)): shown(struct)
        for collection, kind in COLLECTIONS.items()
        for struct in getattr(snapshot, collection)
    }
    return found | {(kind, kind): shown(getattr(snapshot, field)) for field, kind in SINGLES.items()}


def shown(struct: msgspec.Struct) -> dict[str, str]:
    """Property → value as shown. Of certificates and keytabs only what may be read by everybody."""
    match struct:
        case Certificate():
            return _certificate(struct)
        case Keytab(name=name, keys=keys):
            return {"Name": name, "Keys": "; ".join(map(str, keys))}
    return properties(struct)


def _certificate(certificate: Certificate) -> dict[str, str]:
    named = {"Name": certificate.name, "Names": ", ".join(certificate.names)}
    try:
        leaf = x509.load_pem_x509_certificates(certificate.chain.encode())[0]
    except ValueError:
        return named | {"Thumbprint": "cannot be read"}
    until = leaf.not_valid_after_utc.strftime("%Y-%m-%d %H:%M:%S UTC")
    return named | {"NotAfter": until, "Thumbprint": leaf.fingerprint(hashes.SHA256()).hex()}


def _name(struct: msgspec.Struct) -> str:
    return getattr(struct, "domain_name", "") or struct.name


def _difference(key: tuple[str, str], old: dict[str, str] | None, new: dict[str, str] | None) -> Difference:
    verb = "new" if old is None else "removed" if new is None else "changed"
    before, after = old or {}, new or {}
    names = dict.fromkeys([*before, *after])
    lines = [(name, before.get(name, ""), after.get(name, "")) for name in names if before.get(name) != after.get(name)]
    return Difference(*key, verb, [line for line in lines if line[1] or line[2]])
