"""Hosts and sockets that an accepted domain's mail is handed on to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.config.accepted_domain import AcceptedDomain, DeliverTo, PickUp
from transport.config.delivery_host import LONGEST_PATH, DeliveryHost, parse
from transport.config.endpoint import IPRange
from transport.config.rules import delivery_problems


@pytest.mark.parametrize(
    ("text", "name", "port"),
    [
        ("mail.contoso.com", "mail.contoso.com", 0),
        ("Mail.Contoso.com:2525", "mail.contoso.com", 2525),
        ("10.1.2.3", "[10.1.2.3]", 0),
        ("[10.1.2.3]:24", "[10.1.2.3]", 24),
        ("10.1.2.3:24", "[10.1.2.3]", 24),
        ("2001:db8::1", "[2001:db8::1]", 0),
        ("[2001:db8::1]:24", "[2001:db8::1]", 24),
        ("/run/dovecot/lmtp", "/run/dovecot/lmtp", 0),
        ("unix:/run/cyrus/socket/lmtp", "/run/cyrus/socket/lmtp", 0),
    ],
)
def test_what_an_administrator_writes(text, name, port):
    assert parse(text) == DeliveryHost(name, port)
    assert parse(str(parse(text))) == parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "mail.contoso.com:0", "mail.contoso.com:65536", "mail.contoso.com:", "mail.contoso.com:x", "run/lmtp", "/",
        "/run//lmtp", "/run/../etc/lmtp", "/run/./lmtp", "/run/a b", "/run/\x00", "/run/ö", f"/{'x' * LONGEST_PATH}",
        "", "[::1", "a b", "10.1.2.0/24",
    ],
)  # fmt: skip
def test_what_is_neither_host_nor_socket(text):
    with pytest.raises(ValueError, match="“"):
        parse(text)


@given(st.text(max_size=150))
def test_nonsense_is_refused_or_read_alike_again(text):
    try:
        found = parse(text)
    except ValueError:
        return
    assert parse(str(found)) == found
    assert not found.is_socket or len(found.name) <= LONGEST_PATH


@pytest.mark.parametrize(
    ("deliver_to", "hosts", "words"),
    [
        (DeliverTo.Lmtp, (), "at least one host"),
        (DeliverTo.Host, (), "at least one host"),
        (DeliverTo.Usual, ("mail.contoso.com",), "does not go to these hosts"),
        (DeliverTo.Host, ("/run/lmtp",), "for an LMTP server"),
    ],
)
def test_what_may_not_stand_together(deliver_to, hosts, words):
    domain = AcceptedDomain(
        name="x", domain_name="contoso.com", deliver_to=deliver_to, delivery_hosts=tuple(map(parse, hosts))
    )
    (problem,) = delivery_problems(domain)
    assert problem.field == "delivery_hosts" and words in problem.message


def test_an_lmtp_server_may_have_a_socket():
    domain = AcceptedDomain(
        name="x", domain_name="contoso.com", deliver_to=DeliverTo.Lmtp, delivery_hosts=(parse("/run/lmtp"),)
    )
    assert not list(delivery_problems(domain))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"pick_up_methods": frozenset(), "pick_up_principals": ("Branches",)}, "pick_up_methods"),
        ({}, "pick_up_principals"),
        (
            {"pick_up_methods": frozenset({PickUp.Atrn}), "pick_up_ranges": (IPRange("10.0.0.0/8"),)},
            "pick_up_principals",
        ),
    ],
)
def test_who_may_ask_for_kept_mail_must_be_said(changes, field):
    domain = AcceptedDomain(name="x", domain_name="contoso.com", deliver_to=DeliverTo.PickUp, **changes)
    assert [problem.field for problem in delivery_problems(domain)] == [field]
