"""Under which accepted domain an address falls: RCPT and delivery give one answer."""

from __future__ import annotations

from collections.abc import Iterator
from timeit import repeat

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.receive.builders import connected, connector, domain, said
from transport.config.accepted_domain import AcceptedDomain, DomainType
from transport.config.address_space import AddressSpace
from transport.config.domains import AcceptedDomains, default_domain, domain_of
from transport.config.filters import RecipientFilter
from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.receive import verbs
from transport.receive.policy import Policy
from transport.send.route import MAILBOX, Router

LABELS = st.sampled_from(["com", "uk", "co", "contoso", "fabrikam", "mail", "a", "b", "xn--mnchen-3ya"])
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
WRITTEN = {"xn--mnchen-3ya": "münchen"}


@st.composite
def accepted_domains(draw: st.DrawFn) -> tuple[AcceptedDomain, ...]:
    names = draw(st.lists(st.one_of(NAMES, NAMES.map("*.{}".format), st.just("*")), max_size=8, unique=True))
    return tuple(
        AcceptedDomain(
            name=name,
            domain_name=name,
            domain_type=draw(st.sampled_from(DomainType)),
            match_subdomains=not name.startswith("*") and draw(st.booleans()),
            address_book_enabled=draw(st.booleans()),
        )
        for name in names
    )


@st.composite
def as_typed(draw: st.DrawFn, domain: str) -> str:
    """The domain as a client may write it: in any case, and in other letters than ASCII."""
    labels = [WRITTEN[label] if label in WRITTEN and draw(st.booleans()) else label for label in domain.split(".")]
    typed = ".".join(labels)
    return typed.upper() if typed.isascii() and draw(st.booleans()) else typed


def covering(domains: tuple[AcceptedDomain, ...], name: str) -> Iterator[tuple[int, int, AcceptedDomain]]:
    """(labels of its name, rank, domain) of everything that holds a name; the naive reading of the reference."""
    for each in domains:
        bare = each.domain_name.removeprefix("*").removeprefix(".")
        labels = len(bare.split(".")) if bare else 0
        below = not bare or name.endswith("." + bare)
        if not each.domain_name.startswith("*") and name == bare:
            yield labels, 2, each
        elif below and each.domain_name.startswith("*"):
            yield labels, 1, each
        elif below and each.match_subdomains:
            yield labels, 0, each


def naive(domains: tuple[AcceptedDomain, ...], name: str) -> AcceptedDomain | None:
    """The most labels win: the name itself, then its nearest parent; of two with one parent the wildcard."""
    found = sorted(covering(domains, name), key=lambda each: each[:2])
    return found[-1][2] if found else None


CONTOSO = (
    AcceptedDomain(name="contoso.com", domain_name="contoso.com"),
    AcceptedDomain(name="*.contoso.com", domain_name="*.contoso.com", domain_type=DomainType.ExternalRelay),
)


@given(accepted_domains(), NAMES, st.data())
@example(CONTOSO, "contoso.com", None)
@example(CONTOSO, "sales.contoso.com", None)
@example(CONTOSO[1:], "contoso.com", None)
def test_what_rcpt_takes_for_a_domain_delivery_takes_for_the_same(
    domains: tuple[AcceptedDomain, ...], name: str, data: st.DataObject | None
) -> None:
    wanted = naive(domains, name)
    snapshot = Snapshot(
        accepted_domains=domains,
        receive_connectors=(connector(),),
        send_connectors=(SendConnector(name="Internet", address_spaces=(AddressSpace("*"),)),),
        recipient_filter=RecipientFilter(enabled=False),
    )
    assert AcceptedDomains(domains).find(name) == wanted
    typed = data.draw(as_typed(name)) if data else name
    session = said(connected(Policy(snapshot)), "EHLO client.example")
    session = said(session, "MAIL FROM:<> SMTPUTF8")
    answer = verbs.respond(session, f"RCPT TO:<someone@{typed}>".encode(), 0.0)
    assert answer.decided_by == ("relay_denied" if wanted is None else "accepted_domain"), answer.reply
    if wanted is None:
        return
    router, address = Router(snapshot), answer.session.recipients.last.address
    assert router.accepted_domains.find(domain_of(address)) == wanted
    assert router.needs_directory(address) is (wanted.domain_type is DomainType.InternalRelay)
    assert (router.hop(address, listed=False) == MAILBOX) is (wanted.domain_type is DomainType.Authoritative)


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("contoso.com", "contoso.com"),
        ("CONTOSO.com", "contoso.com"),
        ("sales.contoso.com", None),
        ("branch.example", "branch.example"),
        ("a.b.branch.example", "branch.example"),
        ("x.deep.branch.example", "*.deep.branch.example"),
        ("deep.branch.example", "branch.example"),
        ("x.wild.example", "*.wild.example"),
        ("wild.example", None),
        ("notbranch.example", None),
        ("[127.0.0.1]", None),
        ("", None),
    ],
)
def test_the_most_specific_name_wins(name: str, accepted: str | None) -> None:
    found = AcceptedDomains(
        [
            domain("contoso.com"),
            domain("branch.example", match_subdomains=True),
            domain("*.deep.branch.example"),
            domain("*.wild.example"),
        ]
    ).find(name)
    assert (found.domain_name if found else None) == accepted


def test_every_domain_means_names_but_no_address_literals() -> None:
    every = AcceptedDomains([domain("*")])
    assert every.find("localhost") and every.find("victim.example")
    assert every.find("[127.0.0.1]") is None
    assert every.find("") is None


def test_the_postmaster_belongs_to_the_default_domain() -> None:
    assert (
        default_domain(Snapshot(accepted_domains=(domain(), domain("b.example", default=True))), "gw.test")
        == "b.example"
    )
    assert default_domain(Snapshot(accepted_domains=(domain("*.b.example", default=True),)), "gw.test") == "b.example"
    assert default_domain(Snapshot(accepted_domains=(domain("*", default=True),)), "gw.test") == "gw.test"
    assert default_domain(Snapshot(), "gw.test") == "gw.test"


def test_an_answer_takes_no_longer_with_a_hundred_thousand_domains() -> None:
    few, many = (
        AcceptedDomains(domain(f"*.d{n}.example", match_subdomains=False) for n in range(count))
        for count in (10, 100_000)
    )
    quick, slow = (min(repeat(lambda of=of: of.find("a.b.d9.example"), number=2000, repeat=7)) for of in (few, many))
    assert slow < 10 * quick
