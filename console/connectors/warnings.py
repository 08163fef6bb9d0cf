"""What an administrator should know about a Receive connector; nothing here forbids anything. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import islice
from typing import Any

from transport.config import rules
from transport.config.accepted_domain import AcceptedDomain
from transport.config.certificate import Certificate
from transport.config.endpoint import IPRange, host_bits
from transport.config.intervals import is_internet
from transport.config.receive_connector import AuthMechanism, ReceiveConnector
from transport.receive.certificate_match import fit
from transport.receive.exposure import Exposure, exposure, reached, too_wide, wide_domains

SLIP = IPRange("172.160.0.0/12").bounds[1:]
"""What document 004 prints where it means the private network 172.16.0.0/12."""
MOST_OVERLAPS = 5
MOST_NAMES = 4


def warnings(connector: ReceiveConnector, domains: Iterable[AcceptedDomain] = ()) -> list[str]:
    """Sentences, the gravest first."""
    wide = wide_domains(domains)
    exposed = exposure(connector, wide)
    return [
        *([relaying(exposed)] if exposed is not None and exposed.relays else []),
        *(remark.words for remark in remarks(connector.remote_ip_ranges)),
        *map(too_wide, reached(connector, wide)),
        *([plain] if (plain := plain_passwords(connector)) else []),
        *rules.advice(connector),
    ]


def warned(connector: ReceiveConnector, domains: Iterable[AcceptedDomain]) -> dict[str, Any]:
    """`warnings` for a page, and whether the connector would be an open relay, which is more than a hint."""
    exposed = exposure(connector, wide_domains(domains))
    is_open = exposed is not None and exposed.relays and bool(exposed.public_ranges)
    return {"warnings": warnings(connector, domains), "is_open": is_open}


def relaying(exposed: Exposure) -> str:
    """Who relays to whom through a connector, as one sentence or two."""
    public, whom = exposed.public_ranges, exposed.whom
    if is_internet(public):
        return f"This is an open relay: everyone on the Internet may send to {whom} through it."
    if public:
        some = ", ".join(str(remote) for remote in public[:5]) + (" …" if len(public) > 5 else "")
        holds = "hold" if len(public) > 1 else "holds"
        return f"This connector relays, and {some} {holds} public addresses: anyone there may send to {whom}."
    return f"This connector relays: its clients may send to {whom}. All its remote addresses are private."


def plain_passwords(connector: ReceiveConnector) -> str:
    """The warning that passwords can be read on the way; empty where they cannot."""
    mechanisms = connector.auth_mechanism
    on_tls_only = AuthMechanism.BasicAuthRequireTLS in mechanisms or connector.require_tls
    if AuthMechanism.BasicAuth not in mechanisms or on_tls_only:
        return ""
    return "Basic authentication is offered without TLS: passwords cross the network readable."


def without_its_name(connector: ReceiveConnector, shown: Certificate | None, server: str) -> str:
    """The warning that the certificate a client is shown does not hold the name that the connector greets with; empty
    where it does, where no TLS is offered, and for the server's own name, which nobody typed.
    """
    if AuthMechanism.Tls not in connector.auth_mechanism or shown is None or not connector.fqdn:
        return ""
    if connector.fqdn.lower() == server.lower() or max(
        map(partial(fit, host=connector.fqdn.lower()), shown.names), default=0
    ):
        return ""
    held = ", ".join(shown.names[:MOST_NAMES]) or "no name"
    return (
        f"The certificate that clients are shown, {shown.name}, holds {held}, not {connector.fqdn}: a client that "
        f"checks it breaks off. Make, request or import a certificate for {connector.fqdn}."
    )


@dataclass(frozen=True)
class Remark:
    """Something about a range that is probably not meant. `better` is what to write instead: nothing for a range that
    adds nothing, None where that is not known.
    """

    words: str
    line: str
    better: str | None = None


@lru_cache(maxsize=8)
def remarks(ranges: tuple[IPRange, ...]) -> tuple[Remark, ...]:
    """What is odd about the ranges of a connector; there may be thousands, of which a page asks more than once."""
    return tuple(_remarks(ranges))


def _remarks(ranges: tuple[IPRange, ...]) -> Iterator[Remark]:
    for remote in ranges:
        if _is_slip(remote):
            meant = _meant(remote)
            question = f": did you mean {meant}?" if meant else "."
            words = f"{remote} holds public addresses. The private network is 172.16.0.0/12{question}"
            yield Remark(words, remote.text, meant or None)
        network = host_bits(remote)
        if network:
            yield Remark(f"{remote} means the whole network {network}.", remote.text, str(network))
    yield from islice(_overlaps(ranges), MOST_OVERLAPS)


def _is_slip(remote: IPRange) -> bool:
    version, low, high = remote.bounds
    return version == 4 and low >= SLIP[0] and high <= SLIP[1]


def _meant(remote: IPRange) -> str:
    if remote.bounds[1:] == SLIP:
        return "172.16.0.0/12"
    same_place = remote.text.startswith("172.160.") and "-" not in remote.text
    return remote.text.replace("172.160.", "172.16.", 1) if same_place else ""


def _overlaps(ranges: tuple[IPRange, ...]) -> Iterator[Remark]:
    """What a connector names twice: harmless, but seldom meant."""
    widest: IPRange | None = None
    for version, low, minus_high, remote in sorted((*each.bounds[:2], -each.bounds[2], each) for each in ranges):
        high = -minus_high
        if widest is None or widest.bounds[0] != version or widest.bounds[2] < low:
            widest = remote
        elif high <= widest.bounds[2]:
            yield Remark(f"{remote} lies inside {widest} and adds nothing.", remote.text, "")
        else:
            yield Remark(f"{widest} and {remote} overlap.", remote.text)
            widest = remote
