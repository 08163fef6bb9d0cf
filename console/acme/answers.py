"""What an authority looks for while it proves a name: laid out, seen by the world, and taken back."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from itertools import islice

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rdatatype
import dns.resolver
from django.utils.timezone import now

from console.acme import dns_hooks, dns_updates
from console.acme.models import Challenge, LaidOut, ManagedCertificate
from console.publishing import queries as publishing
from transport import name_servers

LOOK_FOR = timedelta(minutes=3)
"""Until every name server shows a record; then the authority is told all the same, which asks for itself."""
SECONDS = 3.0
MOST_SERVERS = 6


def lay_out(managed: ManagedCertificate, host: str, token: str, value: str) -> str:
    """Shows `value` to the authority, as far as it is not there; why it could not, else nothing."""
    if LaidOut.objects.filter(managed=managed, token=token).exists():
        return ""
    record = "" if managed.challenge == Challenge.HTTP else _record(host)
    # The row first: whoever dies behind it takes back what may be in DNS already.
    made = LaidOut.objects.create(managed=managed, token=token, record=record, value=value)
    if words := _set(managed, made) if record else "":
        made.delete()
    return words


def _set(managed: ManagedCertificate, made: LaidOut) -> str:
    if managed.challenge == Challenge.UPDATE:
        return dns_updates.add(managed, made.record, made.value)
    return dns_hooks.add(managed.hook, made.record, made.value)


def take_back(managed: ManagedCertificate) -> str:
    """Takes everything back; what could not be, in words."""
    told = []
    for each in LaidOut.objects.filter(managed=managed):
        if each.record and managed.challenge == Challenge.UPDATE:
            told.append(dns_updates.take_away(managed, each.record, each.value))
        elif each.record:
            told.append(dns_hooks.take_away(managed.hook, each.record, each.value))
        each.delete()
    return " ".join(filter(None, told))


def is_seen(managed: ManagedCertificate) -> bool:
    """Whether every name server that answers shows all records, or the time to wait for that is over."""
    rows, servers = LaidOut.objects.filter(managed=managed).exclude(record=""), cache(_servers)
    return all(
        now() - row.laid_out_at > LOOK_FOR or all(_shows(each, row) for each in servers(managed.dns_zone or row.record))
        for row in rows
    )


def _record(host: str) -> str:
    """Where the record of a name stands: at the end of aliases, by which a zone that nobody may write leads into one
    that we may.
    """
    own = f"_acme-challenge.{host.removeprefix('*.')}"
    try:
        found = str(_resolver().resolve(own, "TXT", search=False, raise_on_no_answer=False).canonical_name)
    except dns.resolver.NXDOMAIN as error:
        found = str(error.canonical_name)
    except (dns.exception.DNSException, OSError):
        return own
    return found.rstrip(".").lower()


def _shows(address: str, row: LaidOut) -> bool:
    asked = dns.message.make_query(row.record, "TXT")
    try:
        answer = dns.query.udp(asked, address, SECONDS, ignore_errors=True)
    except (dns.exception.DNSException, OSError):
        return True  # who does not answer here may answer elsewhere: nothing is known
    found = [b"".join(each.strings) for rrset in answer.answer if rrset.rdtype == dns.rdatatype.TXT for each in rrset]
    return row.value.encode() in found


def _servers(zone: str) -> list[str]:
    """The addresses of the name servers of a zone, a few; none where DNS does not say."""
    resolver, found = _resolver(), list[str]()
    try:
        apex = dns.resolver.zone_for_name(zone, resolver=resolver, lifetime=SECONDS)
        for each in islice(resolver.resolve(apex, "NS", search=False), MOST_SERVERS):
            found += [str(address) for address in resolver.resolve(each.target, "A", search=False)]
    except (dns.exception.DNSException, OSError):
        pass
    return found[:MOST_SERVERS]


def _resolver() -> dns.resolver.Resolver:
    servers = publishing.saved().connection_filter.dns_servers
    return name_servers.asking(dns.resolver.Resolver(configure=False), servers, SECONDS)
