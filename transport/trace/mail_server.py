"""What was found of a mail server, its domain and its place in DNS: facts, without a judgement.

Found by `transport.deliver.survey`; judged by the console. Source: document 004, "Verification"; Sending mail outward,
section 2.
"""

from __future__ import annotations

import re

import msgspec

from transport.send.dane import Dane
from transport.send.extensions import Extensions
from transport.send.sts import StsPolicy
from transport.trace.spoken import Spoken

OVER = "the time was over"
"""The failure of what was not asked any more."""
MOST_SPF_LOOKUPS = 10
"""RFC 7208 §4.6.4."""


class Answer(msgspec.Struct, frozen=True):
    """What DNS says to one question: `records` as text, a TXT record with its strings joined. `failure`: why there is
    no answer, in words; a name without such records is an answer, and one that does not exist (`exists`). `is_signed`:
    by DNSSEC, where that can be told.
    """

    name: str
    kind: str
    records: tuple[str, ...] = ()
    failure: str = ""
    exists: bool = True
    is_signed: bool = False


class Listing(msgspec.Struct, frozen=True):
    """What a block list says of an address: its answers, none for one that it does not list."""

    domain: str
    answers: tuple[str, ...] = ()
    failure: str = ""


class Address(msgspec.Struct, frozen=True):
    """An address of a host: the names that it leads back to, and those of them that lead here again."""

    address: str
    names: Answer
    confirmed: tuple[str, ...] = ()
    listings: tuple[Listing, ...] = ()


class Version(msgspec.Struct, frozen=True):
    """A version of TLS, and whether the server speaks it; None where this machine cannot ask."""

    name: str
    is_spoken: bool | None


class Shown(msgspec.Struct, frozen=True):
    """The certificate that a server shows: the hosts that it names, who issued it, until when (Unix seconds).
    `problem`: why it is not trusted, in words; `key`: SHA-256 of its public key in hex, as a TLSA record 3 1 1 has it.
    """

    names: tuple[str, ...]
    issuer: str
    not_after: float
    problem: str = ""
    key: str = ""


class Probe(msgspec.Struct, frozen=True):
    """A recipient elsewhere that was asked for without signing in, and the reply."""

    recipient: str
    code: int
    reply: str
    is_plain: bool
    """An ordinary address of another domain; a server that takes others may mean a mailbox of its own."""


class Talk(msgspec.Struct, frozen=True):
    """A conversation. `failure`: why there was none, or how it broke off; `offered`: what each EHLO was answered, in
    the clear first, then under TLS.
    """

    address: str
    port: int
    failure: str = ""
    protection: str = ""
    offered: tuple[Extensions, ...] = ()
    versions: tuple[Version, ...] = ()
    certificate: Shown | None = None
    probes: tuple[Probe, ...] = ()
    transcript: tuple[Spoken, ...] = ()
    is_ours: bool = False
    """One of our own Receive connectors answers there."""
    is_implicit: bool = False
    """TLS was spoken from the first octet (RFC 8314 §3.3)."""
    dane_problem: str = ""
    """Why whoever follows its TLSA records delivers nothing, in words; empty where they do, or there are none."""

    @property
    def banner(self) -> str:
        """Its greeting, without the code."""
        return next((each.text[4:] for each in self.transcript if each.event == "<" and each.text[:3] == "220"), "")

    @property
    def seconds(self) -> float | None:
        """How long the greeting took."""
        heard = next((each.time for each in self.transcript if each.event == "<"), None)
        return heard - self.transcript[0].time if heard is not None else None

    @property
    def offers_tls(self) -> bool:
        """Whether STARTTLS is offered."""
        return any("starttls" in each for each in self.offered)


class Exchanger(msgspec.Struct, frozen=True):
    """A mail server: `preference` of its MX record, None where none led to it."""

    name: str
    preference: int | None = None
    addresses: tuple[Address, ...] = ()
    dane: Dane = Dane()
    talk: Talk | None = None
    failure: str = ""
    """Why it has no address, in words."""


class Domain(msgspec.Struct, frozen=True):
    """What a domain publishes. `spf_lookups`: questions to DNS that its SPF record costs, None where it has none;
    `policy`: of MTA-STS, or why there is none in words.
    """

    name: str
    mx: Answer
    txt: Answer
    dmarc: Answer
    dmarc_domain: str
    dkim: tuple[Answer, ...]
    sts: Answer
    policy: StsPolicy | str
    tls_rpt: Answer
    spf_lookups: int | None = None

    @property
    def is_null_mx(self) -> bool:
        """Whether it says that it takes no mail (RFC 7505)."""
        return [each.split()[-1] for each in self.mx.records] == ["."]

    @property
    def spf(self) -> list[str]:
        """Its SPF records, of which there may be one (RFC 7208 §4.5)."""
        return [each for each in self.txt.records if is_spf(each)]


class Survey(msgspec.Struct, frozen=True):
    """All that was found; `left_out`: mail servers that were not tried."""

    domain: Domain | None
    exchangers: tuple[Exchanger, ...]
    left_out: int = 0
    is_cut: bool = False
    """Whether the time was over before everything was asked."""


def is_spf(text: str) -> bool:
    """RFC 7208 §4.5."""
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


def is_dmarc(text: str) -> bool:
    """Whether a TXT record is one of DMARC (RFC 9989)."""
    return text.replace(" ", "").lower().startswith("v=dmarc1")


_COSTS = re.compile(r"[+?~-]?(include:|a$|a[:/]|mx$|mx[:/]|ptr$|ptr:|exists:)|redirect=", re.IGNORECASE)
_LEADS_ON = re.compile(r"(?:[+?~-]?include:|redirect=)([^\s%/]+)$", re.IGNORECASE)


def spf_costs(record: str) -> int:
    """Questions to DNS that the terms of an SPF record cost by themselves."""
    return sum(1 for term in record.split()[1:] if _COSTS.match(term))


def spf_leads_to(record: str) -> list[str]:
    """The domains whose SPF records count as well; none whose name has a macro in it."""
    return [found[1] for term in record.split()[1:] if (found := _LEADS_ON.match(term))]
