"""Which hosts to try for a next hop, in which order. Source: RFC 5321 §5.1, RFC 7505 (null MX)."""

import random
import socket
from collections.abc import Iterator

import dns.exception
import dns.resolver

from transport.deliver.look_up import Asking, LookUp, is_local
from transport.send import hosts
from transport.send.hosts import Host, HostPolicy
from transport.send.remote_reply import Verdict, postponed, refused

MOST_ADDRESSES = 5
"""Of one host list that DNS gives, or of one smart host: so many are tried in one attempt."""


class LookUpFailed(Exception):
    """No host can be named; `verdict` says whether for ever or for now."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.text)
        self.verdict = verdict


def smart_hosts(names: list[str], policy: HostPolicy, asking: Asking) -> Iterator[Host]:
    """The addresses of every smart host, in the administrator's order. A name may be one of A, /etc/hosts, or MX.

    Raises LookUpFailed, before the first host, when there is none.
    """
    found, ours = False, True
    for name in names:
        sifted = hosts.sift([name], _smart_host(name.strip(), policy, asking), policy, is_local)
        ours = ours and sifted.ours
        for host in sifted.hosts[:MOST_ADDRESSES]:
            found = True
            yield host
    if not found:
        what = ", ".join(names)
        raise LookUpFailed(hosts.loops(what) if ours else hosts.nobody(what, ()))


def _smart_host(name: str, policy: HostPolicy, asking: Asking) -> list[Host]:
    address = hosts.literal(name)
    if address is not None:
        return [Host(name, address)]
    found = LookUp(asking).hosts(name, True) if asking.servers or asking.dnssec else []
    found = found or [Host(name, each) for each in _system_addresses(name, asking)]
    if found:
        return found
    try:
        return list(mail_exchangers(name, policy, asking))
    except LookUpFailed:
        return []


def _system_addresses(name: str, asking: Asking) -> list[str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return asking.in_order(dict.fromkeys(str(entry[4][0]) for entry in found))


def mail_exchangers(domain: str, policy: HostPolicy, asking: Asking) -> Iterator[Host]:
    """The addresses of the mail exchangers of a domain, best preference first; without MX the domain's own.

    Raises LookUpFailed, before the first host, when there is none.
    """
    return _literal(domain, policy) if domain.startswith("[") else _exchangers(domain, policy, LookUp(asking))


def _literal(domain: str, policy: HostPolicy) -> Iterator[Host]:
    address = hosts.literal(domain)
    if address is not None and policy.is_us(address, is_local):
        raise LookUpFailed(hosts.loops(domain))
    if address is None or not (policy.ranges is None or policy.lists(address)):
        raise LookUpFailed(refused("5.1.2", f"mail is not sent to an address instead of a domain: {domain}"))
    yield Host(domain, address)


def _exchangers(domain: str, policy: HostPolicy, look_up: LookUp) -> Iterator[Host]:
    """The addresses of one preference are all known before the first of them is tried: one may be ourselves."""
    inner: tuple[str, ...] = ()
    left, better = MOST_ADDRESSES, False
    groups, is_signed = _by_preference(domain, look_up)
    for names in groups:
        found = [host for name in names for host in look_up.hosts(name, is_signed)]
        sifted = hosts.sift(names, found, policy, is_local)
        if sifted.ours:
            if not better:
                raise LookUpFailed(hosts.loops(domain))
            break
        better, inner = True, inner + sifted.inner
        for host in sifted.hosts[:left]:
            left -= 1
            yield host
        if not left:
            return
    if left == MOST_ADDRESSES:
        raise LookUpFailed(hosts.nobody(domain, inner))


def _by_preference(domain: str, look_up: LookUp) -> tuple[list[list[str]], bool]:
    """The names of the mail exchangers, those of one preference together; and whether DNS has signed that."""
    try:
        answer = look_up.ask(domain, "MX")
    except dns.resolver.NXDOMAIN:
        failed = postponed if look_up.asking.downgrades else refused
        status = "4.4.4" if look_up.asking.downgrades else "5.4.4"
        raise LookUpFailed(failed(status, "SMTPSEND.DNS.NonExistentDomain; nonexistent domain")) from None
    except (dns.exception.DNSException, OSError, UnicodeError) as error:
        raise LookUpFailed(postponed("4.4.0", f"DNS query failed: {error}")) from None
    named = [(entry.preference, str(entry.exchange)) for entry in answer.rrset or ()]
    random.shuffle(named)
    found = hosts.by_preference(domain, named)
    if not found:
        raise LookUpFailed(refused("5.1.10", f"{domain} accepts no mail (null MX, RFC 7505)"))
    return [[name.rstrip(".") for name in names] for names in found], look_up.signed(answer)
