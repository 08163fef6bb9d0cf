"""Exchange 2003's relay restrictions (document 002, Access tab): what they become, and that nothing opens unasked."""

from __future__ import annotations

from contextlib import suppress
from itertools import product

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from console.connectors import actions, queries, relay_restrictions
from console.connectors.models import ReceiveConnector as Row
from console.connectors.relay_restrictions import Restrictions, Which, computer, remarks, settings_of
from console.protection import actions as protection
from console.protection.queries import hosts_of
from tests.console.builders import ADMIN, receive_connector
from tests.dialogues.dialogue import FOLDER, read
from tests.dns_server import DnsServer
from transport.config.connection_filter import ConnectionFilter
from transport.config.endpoint import Binding, IPRange, client_key, everyone, parse_range
from transport.config.permissions import ANONYMOUS, AUTHENTICATED_USERS, Right, rights
from transport.config.receive_connector import AuthMechanism

NEW = "connectors:receive-wizard-step"
DRAFT = "a1b2c3d4"
SINGLE = parse_range("192.168.5.77")


def step(client, page, /, go="next", **entries):
    return client.post(reverse(NEW, args=[DRAFT, page]), entries | {"go": go}, follow=True)


def to_the_restrictions(client, name="Relay of Exchange 2003", bindings="10.2.3.4:25"):
    step(client, "introduction", name=name, usage="Custom", restrictions="on", transport_role="FrontendTransport")
    return step(client, "local", bindings=bindings, fqdn="")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("192.168.5.77", SINGLE),
        (" 192.168.5.77  # the scanner", SINGLE),
        ("10.0.0.0 (255.0.0.0)", parse_range("10.0.0.0/8")),
        ("10.0.0.0/255.0.0.0", parse_range("10.0.0.0/8")),
        ("10.0.0.0 255.0.0.0", parse_range("10.0.0.0/8")),
        ("10.0.0.0/8", parse_range("10.0.0.0/8")),
        ("10.0.0.1 - 10.0.0.9", parse_range("10.0.0.1-10.0.0.9")),
        ("0.0.0.0 (0.0.0.0)", parse_range("0.0.0.0/0")),
        ("192.168.5.77 (255.255.255.255)", parse_range("192.168.5.77/32")),
        ("2001:db8::/32", parse_range("2001:db8::/32")),
        ("Contoso.com", "contoso.com"),
        ("*.contoso.com", "contoso.com"),
        ("scanner", "scanner"),
    ],
)
def test_an_entry_of_the_list(line, meant):
    assert computer(line) == meant


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("10.0.0.0 (255.0.255.0)", "its ones must stand together"),
        ("10.0.0.0 (0.0.0.255)", "its ones must stand together"),
        ("10.0.0.0 (256.0.0.0)", "is no subnet mask. Write it like 255.255.255.0."),
        ("10.0.0", "is no IP address or range"),
        ("10.0.0.256", "is no IP address or range"),
        ("a b", "is no valid name"),
    ],
)
def test_an_entry_that_means_nothing(line, words):
    with pytest.raises(ValueError, match=words):
        computer(line)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_understood_or_refused(line):
    with suppress(ValueError):
        assert isinstance(computer(line), IPRange | str)


NETWORKS = st.ip_addresses(v=4).flatmap(lambda a: st.builds(lambda n: parse_range(f"{a}/{n}"), st.integers(8, 32)))


@given(st.lists(NETWORKS, max_size=5), st.ip_addresses(), st.booleans())
def test_who_relays_without_signing_in_is_who_relayed_in_exchange_2003(listed, client, authenticated):
    version, address = client_key(str(client))
    in_list = any(of == version and low <= address <= high for of, low, high in (each.bounds for each in listed))
    for which in Which:
        made = receive_connector(**settings_of(Restrictions(which, tuple(listed), authenticated)))
        spans = [remote.bounds for remote in made.remote_ip_ranges]
        answered = any(of == version and low <= address <= high for of, low, high in spans)
        held = rights(made.permission_groups, made.grants, ANONYMOUS)
        relays = answered and Right.ACCEPT_ANY_RECIPIENT in held and Right.SUBMIT in held
        assert relays is (in_list is (which is Which.ONLY))


@pytest.mark.parametrize(("which", "listed", "authenticated"), [*product(Which, [(), (SINGLE,)], [True, False])])
def test_whoever_signs_in_relays_where_that_was_ticked_and_only_there(which, listed, authenticated):
    made = receive_connector(**settings_of(Restrictions(which, listed, authenticated)))
    held = rights(made.permission_groups, made.grants, AUTHENTICATED_USERS)
    assert (Right.ACCEPT_ANY_RECIPIENT in held) is authenticated
    assert (AuthMechanism.BasicAuth in made.auth_mechanism) is authenticated
    assert (AuthMechanism.BasicAuthRequireTLS in made.auth_mechanism) is authenticated


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Restrictions(Which.ONLY, (), False), "No computer may relay without signing in."),
        (Restrictions(Which.EXCEPT, everyone(), False), "No computer may relay without signing in."),
        (Restrictions(Which.ONLY, (SINGLE,), False), "answered by the next wider connector"),
        (Restrictions(Which.ONLY, (SINGLE,), True), "cannot let those relay who sign in from other addresses"),
        (Restrictions(Which.ONLY, (), True), "Passwords are taken on TLS only"),
    ],
)
def test_what_is_otherwise_here_is_said(wanted, words):
    assert words in " ".join(remarks(wanted))


def test_everybody_relaying_leaves_nobody_to_another_connector():
    assert remarks(Restrictions(Which.EXCEPT, (), False)) == []


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        ("relay-only-the-list", Restrictions(Which.ONLY, (parse_range("127.0.5.77"),), True)),
        ("relay-not-on-the-list", Restrictions(Which.ONLY, (parse_range("127.0.5.77"),), True)),
        ("relay-all-except-the-list", Restrictions(Which.EXCEPT, (parse_range("127.0.5.0/24"),), False)),
        ("relay-open", Restrictions(Which.EXCEPT, (parse_range("127.0.5.0/24"),), False)),
        ("relay-authenticated", Restrictions(Which.ONLY, (), True)),
    ],
)
def test_the_dialogues_show_what_the_importer_makes(file, wanted):
    connector = read(FOLDER / f"{file}.txt").snapshot.receive_connectors[-1]
    made = {name: getattr(connector, name) for name in settings_of(wanted)}
    assert made == settings_of(wanted)


@pytest.mark.django_db
def test_only_the_list_becomes_ranges_and_the_right_to_relay(admin):
    actions.create(ADMIN, receive_connector("Default", ranges=["0.0.0.0-255.255.255.255"]))
    to_the_restrictions(admin)
    entries = {"which": "ONLY", "computers": "192.168.5.77\r\n10.0.0.0 (255.0.0.0)", "authenticated": "on"}
    page = step(admin, "restrictions", **entries)
    assert "Anyone at 192.168.5.77 and 10.0.0.0/8 may send, without signing in, to any address" in page.text
    assert "Anonymous users: Accept any recipient (relay)" in page.text
    assert "cannot let those relay who sign in from other addresses" in page.text
    page = step(admin, "summary")
    assert page.status_code == 422 and "Anyone at 10.0.0.0/8, 192.168.5.77 could send mail" in page.text
    assert not Row.objects.filter(name="Relay of Exchange 2003").exists()
    page = step(admin, "summary", confirmation="Relay of Exchange 2003")
    assert "is made and saved" in page.text
    made = queries.receive(Row.objects.get(name="Relay of Exchange 2003"))
    listed = (SINGLE, parse_range("10.0.0.0/8"))
    assert {name: getattr(made, name) for name in settings_of(Restrictions(Which.ONLY, listed, True))} == settings_of(
        Restrictions(Which.ONLY, listed, True)
    )


@pytest.mark.django_db
def test_all_except_the_list_is_an_open_relay_and_asks_for_its_name(admin):
    to_the_restrictions(admin)
    page = step(admin, "restrictions", which="EXCEPT", computers="10.0.0.0/8")
    assert "This is an open relay: everyone on the Internet may send to any address" in page.text
    assert "No conflict" not in page.text
    page = step(admin, "summary")
    assert "Everyone on the Internet could send mail to any address through this server: an open relay." in page.text
    assert step(admin, "summary", confirmation="relay of exchange 2003").status_code == 422
    assert not Row.objects.exists()
    step(admin, "summary", confirmation="Relay of Exchange 2003")
    assert Row.objects.get().remote_ip_ranges[:2] == ["0.0.0.0-9.255.255.255", "11.0.0.0-255.255.255.255"]


@pytest.mark.django_db
def test_an_empty_list_relays_nothing(admin):
    to_the_restrictions(admin)
    page = step(admin, "restrictions", which="ONLY", computers="")
    assert "Strangers cannot relay" in page.text
    assert "is made and saved" in step(admin, "summary").text
    assert not Row.objects.get().grants


@pytest.mark.django_db
def test_a_domain_is_looked_up_once_and_its_addresses_are_shown_to_be_checked(admin):
    records = {
        ("contoso.com", "MX"): ["10 mx.contoso.com."],
        ("contoso.com", "A"): ["192.0.2.5"],
        ("mx.contoso.com", "A"): ["192.0.2.7"],
        ("mx.contoso.com", "AAAA"): ["2001:db8::7"],
    }
    entries = {"which": "ONLY", "computers": "10.0.0.1\r\n*.contoso.com\r\nfabrikam.example", "authenticated": ""}
    with DnsServer(records) as server:
        protection.set_filter(ADMIN, ConnectionFilter(dns_servers=(Binding("127.0.0.1", server.port),)))
        to_the_restrictions(admin)
        page = step(admin, "restrictions", **entries)
        assert page.status_code == 422
        assert "contoso.com is a domain: write the addresses of its computers." in page.text
        assert not server.asked
        page = step(admin, "restrictions", go="look-up", **entries)
    assert "contoso.com: check what was found, and add computers that only send mail." in page.text
    assert "DNS knows no address for fabrikam.example" in page.text
    assert page.context["form"]["computers"].value().split("\n") == [
        "10.0.0.1",
        "192.0.2.5  # contoso.com",
        "192.0.2.7  # mx.contoso.com",
        "2001:db8::7  # mx.contoso.com",
        "fabrikam.example",
    ]
    page = step(admin, "restrictions", **entries | {"computers": "192.0.2.5  # contoso.com"})
    assert "Anyone at 192.0.2.5 may send" in page.text


def test_every_computer_of_a_domain_is_meant_however_many_there_are(admin):
    """Whose is left out would lose its relay without a word."""
    printers = [f"10.2.3.{number}" for number in range(1, 26)]
    with DnsServer({("printers.x.test", "A"): printers}) as server:
        protection.set_filter(ADMIN, ConnectionFilter(dns_servers=(Binding("127.0.0.1", server.port),)))
        found = hosts_of(["printers.x.test"])
    assert found == {"printers.x.test": dict.fromkeys(printers, "printers.x.test")}


@pytest.mark.django_db
def test_it_goes_with_custom_use_only(admin):
    page = step(admin, "introduction", name="X", usage="Internet", restrictions="on", transport_role="HubTransport")
    assert "Choose the intended use Custom for this" in page.text
    page = admin.get(reverse(NEW, args=[DRAFT, "restrictions"]), follow=True)
    assert page.request["PATH_INFO"] == reverse(NEW, args=[DRAFT, "introduction"])


@pytest.mark.django_db
def test_back_from_the_summary_leads_to_the_restrictions_with_what_was_entered(admin):
    to_the_restrictions(admin)
    step(admin, "restrictions", which="EXCEPT", computers="10.0.0.0/8  # inside", authenticated="on")
    page = step(admin, "summary", go="back")
    form = page.context["form"]
    assert (form["which"].value(), form["computers"].value()) == ("EXCEPT", "10.0.0.0/8  # inside")
    assert "What this becomes here" in page.text
    step(admin, "introduction", name="X", usage="Custom", transport_role="FrontendTransport")
    assert "Remote network settings" in admin.get(reverse(NEW, args=[DRAFT, "remote"])).text


@pytest.mark.django_db
def test_what_it_becomes_is_previewed_while_one_types(admin):
    to_the_restrictions(admin)
    entries = {"which": "EXCEPT", "computers": "10.0.0.0/8", "authenticated": "on"}
    ask = {"HX-Request": "true", "HX-Target": "preview"}
    page = admin.post(reverse(NEW, args=[DRAFT, "restrictions"]), entries, headers=ask)
    assert "0.0.0.0-9.255.255.255" in page.text
    assert "Exchange users" in page.text
    page = admin.post(reverse(NEW, args=[DRAFT, "restrictions"]), entries | {"computers": "contoso.com"}, headers=ask)
    assert "Look up the domains" in page.text


@pytest.mark.django_db
def test_a_connector_that_answers_the_same_addresses_already_is_named_at_the_list(admin):
    actions.create(ADMIN, receive_connector("Office", ranges=["192.168.5.77"]))
    to_the_restrictions(admin)
    page = step(admin, "restrictions", which="ONLY", computers="192.168.5.77")
    assert "“Office” answers 192.168.5.77 on 10.2.3.4:25 already" in page.context["form"].errors["computers"][0]


def test_remarks_never_promise_what_was_not_made():
    for which, listed, authenticated in product(Which, [(), (SINGLE,)], [True, False]):
        text = " ".join(relay_restrictions.remarks(Restrictions(which, listed, authenticated)))
        assert ("Passwords" in text) is authenticated
