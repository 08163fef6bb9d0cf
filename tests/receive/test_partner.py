"""Domain Security: what a certificate proves, and what a partner may then do."""

from __future__ import annotations

import pytest

from tests.receive.builders import connected, connector, policy, said
from transport.config.permissions import PARTNER_SERVERS, PermissionGroup
from transport.receive import verbs
from transport.receive.partner import proved
from transport.receive.session import Session
from transport.receive.starttls import established

PARTNERS = connector(
    permission_groups=frozenset({PermissionGroup.Partners}),
    domain_secure_enabled=True,
    tls_receive_domain_secure_list=("partner.example", "other.example"),
)


@pytest.mark.parametrize(
    ("names", "domains"),
    [
        (["mail.partner.example"], ("partner.example",)),
        (["PARTNER.example", "mx.other.example"], ("partner.example", "other.example")),
        (["*.partner.example"], ("partner.example",)),
        (["notpartner.example", "partner.example.evil.test"], ()),
        ([], ()),
    ],
)
def test_what_the_names_in_a_certificate_prove(names: list[str], domains: tuple[str, ...]) -> None:
    assert proved(PARTNERS, names) == domains
    assert proved(connector(tls_receive_domain_secure_list=("partner.example",)), names) == ()


def on_tls(*names: str) -> Session:
    return said(established(connected(policy(PARTNERS)), "TLSv1.3", "AES", names), "EHLO mail.partner.example")


def reply(session: Session, line: str) -> str:
    outcome = verbs.respond(session, line.encode(), 0.0)
    return outcome.reply.text if outcome.reply else ""


def test_a_partner_may_send_from_its_domains_and_relays_nothing() -> None:
    session = on_tls("mail.partner.example")
    assert session.principal == PARTNER_SERVERS
    assert reply(session, "MAIL FROM:<anna@partner.example>").startswith("250 ")
    assert reply(session, "MAIL FROM:<anna@sub.partner.example>").startswith("250 ")
    assert reply(session, "MAIL FROM:<anna@other.example>").endswith("to send as this sender")
    assert reply(session, "MAIL FROM:<boss@contoso.com>").endswith("to send as this sender")
    sending = said(session, "MAIL FROM:<anna@partner.example>")
    assert reply(sending, "RCPT TO:<x@elsewhere.example>").startswith("550 5.7")


def test_who_shows_no_certificate_or_another_is_no_partner() -> None:
    for names in ((), ("mail.stranger.example",)):
        assert reply(on_tls(*names), "MAIL FROM:<anna@partner.example>").startswith("530 5.7.1")
