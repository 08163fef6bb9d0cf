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

from console.acme.models import Way
from console.sealing import opened
from transport.config.endpoint import parse_binding
from transport.send.remote_reply import printable

SECONDS = 15.0
TTL = 60


def add(way: Way, record: str, value: str) -> str:
    """Adds a TXT record; why it could not, else nothing."""
    return _sent(way, record, lambda update, name: update.add(name, TTL, "TXT", f'"{value}"'))


def take_away(way: Way, record: str, value: str) -> str:
    """Deletes that record, which need not be there; why it could not, else nothing."""
    return _sent(way, record, lambda update, name: update.delete(name, "TXT", f'"{value}"'))


def _sent(way: Way, record: str, change: Any) -> str:
    try:
        update = dns.update.UpdateMessage(way.dns_zone, **_key(way))
        name = dns.name.from_text(record)
        if not name.is_subdomain(update.zone[0].name):
            return f"{record} is not in the zone {way.dns_zone}: enter the zone that it is in."
        change(update, name)
        server = parse_binding(way.dns_server)
        answer = dns.query.tcp(update, server.ip, SECONDS, server.port)
    except InvalidToken:
        return "The TSIG secret cannot be decrypted: secret.key is not the one it was kept with."
    except (dns.exception.DNSException, OSError, ValueError) as error:
        told = printable(str(error))[:200].rstrip(".") or type(error).__name__
        if isinstance(error, dns.tsig.PeerError):
            return f"The DNS server {way.dns_server} refuses the TSIG key {way.tsig_name}: {told}."
        return f"The DNS server {way.dns_server} gives no answer: {told}."
    if answer.rcode() != dns.rcode.NOERROR:
        code = dns.rcode.to_text(answer.rcode())
        return f"The DNS server {way.dns_server} refuses the update of {record}: {code}."
    return ""


def _key(way: Way) -> dict[str, Any]:
    if not way.tsig_name:
        return {}
    secret = opened(way.encrypted_tsig).decode()
    return {
        "keyring": dns.tsigkeyring.from_text({way.tsig_name: secret}),
        "keyname": way.tsig_name,
        "keyalgorithm": dns.name.from_text(way.tsig_algorithm),
    }
