"""Where a message would go, and why there: asked of delivery's own router and of what its connectors demand."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from transport.config.domains import domain_of
from transport.receive.facts import Record, Texts
from transport.send import hosts, tls_policy
from transport.send.choice import Choice, Mail, Passed
from transport.send.route import DeliveryType, Hop, Router
from transport.send.tls_policy import Demand


class Way(msgspec.Struct, frozen=True):
    """Where a recipient's mail goes. `choice` is None where no Send connector is asked; `demand`: what the connector
    that takes it demands of TLS, before the domain has said anything; `exchangers`: the record of DNS that leads on,
    and `hosts` those of each preference, the best first, where it is known.
    """

    recipient: str
    hop: Hop
    choice: Choice | None = None
    behind: tuple[Passed, ...] = ()
    demand: Demand | None = None
    exchangers: Record | None = None
    hosts: tuple[tuple[str, ...], ...] = ()

    @property
    def words(self) -> str:
        """In one sentence."""
        if self.choice is not None:
            return self.choice.why
        if self.hop.delivery_type is DeliveryType.MAILBOX:
            return "It stays here, in a mailbox: no Send connector is asked."
        return f"The accepted domain {self.hop.domain} says where its mail goes: no Send connector is asked."

    @property
    def others(self) -> tuple[Passed, ...]:
        """The Send connectors that do not take it, and why."""
        return (*self.choice.passed, *self.behind) if self.choice is not None else ()

    @property
    def tls(self) -> str:
        """What TLS must be, in words, where a Send connector takes it."""
        return tls_policy.in_words(self.demand) if self.demand is not None else ""

    @property
    def report(self) -> str:
        """The reply of which the sender hears, where no connector may take the mail; else empty."""
        return self.hop.error if self.hop.delivery_type is DeliveryType.UNDELIVERABLE else ""


def way_out(router: Router, recipient: str, listed: bool, mail: Mail) -> Way:
    """Of a message to an address; `listed`: the directory holds it."""
    hop = router.hop(recipient, listed, router.address_spaces.essence(mail))
    domain = domain_of(recipient)
    asked = hop.connector or hop.delivery_type in (DeliveryType.UNREACHABLE, DeliveryType.UNDELIVERABLE)
    if not asked:
        return Way(recipient, hop)
    choice = router.choice(domain, mail)
    connector = choice.connector
    secure = router.snapshot.transport_config.tls_send_domain_secure_list
    demand = tls_policy.level(connector, domain, secure) if connector is not None else None
    by_mx = hop.delivery_type is DeliveryType.DNS and hosts.literal(domain) is None
    exchangers = Record(domain, "MX") if by_mx else None
    return Way(recipient, hop, choice, tuple(router.behind(domain, choice)), demand, exchangers)


def next_hosts(domain: str, exchangers: Iterable[str]) -> list[list[str]]:
    """The hosts that MX records (`10 mail.fabrikam.com.`) name, those of one preference together, the best first."""
    split = (text.split() for text in exchangers)
    found = [(int(words[0]), words[1].rstrip(".") or ".") for words in split if is_exchanger(words)]
    return hosts.by_preference(domain, found)


def is_exchanger(words: Texts | list[str]) -> bool:
    """Whether these are a preference and a name."""
    return len(words) == 2 and words[0].isascii() and words[0].isdigit() and len(words[0]) <= 5
