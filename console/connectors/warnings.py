"""What an administrator should know about a Receive connector; nothing here forbids anything. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from transport.config import rules
from transport.config.accepted_domain import AcceptedDomain
from transport.config.endpoint import ALL_IPV4, ALL_IPV6, IPRange, host_bits
from transport.config.receive_connector import AuthMechanism, ReceiveConnector
from transport.receive.exposure import exposure

SLIP_LOW, SLIP_HIGH = (172 << 24) + (160 << 16), (172 << 24) + (175 << 16) + 0xFFFF


def warnings(connector: ReceiveConnector, domains: Iterable[AcceptedDomain] = ()) -> list[str]:
    """Sentences, the gravest first."""
    return [
        *_relay(connector),
        *_ranges(connector.remote_ip_ranges),
        *too_wide(domains),
        *_plain_passwords(connector),
        *rules.advice(connector),
    ]


def _relay(connector: ReceiveConnector) -> Iterator[str]:
    exposed = exposure(connector)
    if exposed is None:
        return
    public = exposed.public_ranges
    if any(str(remote) in (ALL_IPV4, ALL_IPV6) for remote in public):
        yield "This is an open relay: everyone on the Internet may send to any address through it."
    elif public:
        some = ", ".join(str(remote) for remote in public[:5])
        yield f"This connector relays, and {some} holds public addresses: anyone there may send to any address."
    else:
        yield "This connector relays: its clients may send to any address. All its remote addresses are private."


def _plain_passwords(connector: ReceiveConnector) -> Iterator[str]:
    mechanisms = connector.auth_mechanism
    on_tls_only = AuthMechanism.BasicAuthRequireTLS in mechanisms or connector.require_tls
    if AuthMechanism.BasicAuth in mechanisms and not on_tls_only:
        yield "Basic authentication is offered without TLS: passwords cross the network readable."


def _ranges(ranges: tuple[IPRange, ...]) -> Iterator[str]:
    for remote in ranges:
        version, low, high = remote.bounds
        if version == 4 and low >= SLIP_LOW and high <= SLIP_HIGH:
            meant = remote.text.replace("172.160.", "172.16.")
            yield f"{remote} holds public addresses. The private network is 172.16.0.0/12: did you mean {meant}?"
        network = host_bits(remote)
        if network:
            yield f"{remote} means the whole network {network}."


def too_wide(domains: Iterable[AcceptedDomain]) -> Iterator[str]:
    """Accepted domains that make a relay of every connector."""
    for domain in domains:
        rest = domain.domain_name.removeprefix("*").removeprefix(".")
        if domain.domain_name.startswith("*") and "." not in rest:
            yield f"The accepted domain {domain.domain_name} takes mail for all of “{rest}”: a relay in effect."
