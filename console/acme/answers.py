"""What an authority looks for while it proves a name: laid out, seen by the world, and taken back."""

from __future__ import annotations

from collections.abc import Callable
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
from console.acme.models import WAY, Challenge, LaidOut, ManagedCertificate, Way
from console.publishing import queries as publishing
from transport import name_servers

LOOK_FOR = timedelta(minutes=3)
"""Until every name server shows a record; then the authority is told all the same, which asks for itself."""
SECONDS = 3.0
MOST_SERVERS = 6


def lay_out(managed: ManagedCertificate, host: str, token: str, value: str) -> str:
    """Shows `value` to the authority, as far as it is not there; why it could not, else nothing."""
    # The row first: whoever comes after one that died behind it sets the record again, or takes it back.
    made = LaidOut.objects.filter(managed=managed, token=token).first() or _noted(managed, host, token, value)
    if made.is_set:
        return ""
    words = _in_dns(made, dns_updates.add, dns_hooks.add)
    if not words:
        made.is_set, made.laid_out_at = True, now()
        made.save(update_fields=["is_set", "laid_out_at"])
    return words


def _noted(managed: ManagedCertificate, host: str, token: str, value: str) -> LaidOut:
    record = "" if managed.challenge == Challenge.HTTP else _record(host)
    way = {name: getattr(managed, name) for name in WAY}
    return LaidOut.objects.create(managed=managed, token=token, record=record, value=value, **way)


def take_back(managed: ManagedCertificate | None) -> str:
    """Takes back what is laid out for it, for None: for those that were removed; what could not be, in words."""
    told = []
    for each in LaidOut.objects.filter(managed=managed):
        told.append(_in_dns(each, dns_updates.take_away, dns_hooks.take_away))
        each.delete()
    return " ".join(filter(None, told))


def _in_dns(laid_out: LaidOut, update: Callable[[Way, str, str], str], hook: Callable[[str, str, str], str]) -> str:
    """By the way that it was laid out."""
    if laid_out.challenge == Challenge.UPDATE:
        return update(laid_out, laid_out.record, laid_out.value)
    return hook(laid_out.hook, laid_out.record, laid_out.value) if laid_out.challenge == Challenge.HOOK else ""


def is_seen(managed: ManagedCertificate) -> bool:
    """Whether every name server that answers shows all records, or the time to wait for that is over."""
    rows, servers = LaidOut.objects.filter(managed=managed).exclude(record=""), cache(_servers)
    return all(
        now() - row.laid_out_at > LOOK_FOR
        or all(_shows(each, row) for each in servers(row.dns_zone if row.challenge == Challenge.UPDATE else row.record))
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
