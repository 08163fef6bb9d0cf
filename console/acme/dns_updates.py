"""TXT records set in a zone by dynamic update (RFC 2136), signed with a TSIG key (RFC 8945)."""

from __future__ import annotations

from typing import Any

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import dns.update
from cryptography.fernet import InvalidToken

from console.acme.models import ManagedCertificate
from console.sealing import opened
from transport.config.endpoint import parse_binding
from transport.send.remote_reply import printable

SECONDS = 15.0
TTL = 60


def add(managed: ManagedCertificate, record: str, value: str) -> str:
    """Adds a TXT record; why it could not, else nothing."""
    return _sent(managed, record, lambda update, name: update.add(name, TTL, "TXT", f'"{value}"'))


def take_away(managed: ManagedCertificate, record: str, value: str) -> str:
    """Deletes that record, which need not be there; why it could not, else nothing."""
    return _sent(managed, record, lambda update, name: update.delete(name, "TXT", f'"{value}"'))


def _sent(managed: ManagedCertificate, record: str, change: Any) -> str:
    try:
        update = dns.update.UpdateMessage(managed.dns_zone, **_key(managed))
        name = dns.name.from_text(record)
        if not name.is_subdomain(update.zone[0].name):
            return f"{record} is not in the zone {managed.dns_zone}: enter the zone that it is in."
        change(update, name)
        server = parse_binding(managed.dns_server)
        answer = dns.query.tcp(update, server.ip, SECONDS, server.port)
    except InvalidToken:
        return "The TSIG secret cannot be decrypted: secret.key is not the one it was kept with."
    except (dns.exception.DNSException, OSError, ValueError) as error:
        told = printable(str(error))[:200] or type(error).__name__
        return f"The DNS server {managed.dns_server} gives no answer: {told}."
    if answer.rcode() != dns.rcode.NOERROR:
        code = dns.rcode.to_text(answer.rcode())
        return f"The DNS server {managed.dns_server} refuses the update: {code}."
    return ""


def _key(managed: ManagedCertificate) -> dict[str, Any]:
    if not managed.tsig_name:
        return {}
    secret = opened(managed.encrypted_tsig).decode()
    return {
        "keyring": dns.tsigkeyring.from_text({managed.tsig_name: secret}),
        "keyname": managed.tsig_name,
        "keyalgorithm": dns.name.from_text(managed.tsig_algorithm),
    }
