"""DANE (Sending mail outward, section 2.3): each row of the table, by a resolver that validates on this machine."""

from __future__ import annotations

from hashlib import sha256, sha512

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import replace

from tests.deliver.test_protection import PROTECTION
from tests.deliver.tls_hop import AUTHORITY
from tests.dns_server import DnsServer
from tests.shell.certificates import certificate
from transport import name_servers
from transport.config.endpoint import Binding
from transport.config.send_connector import DaneMode
from transport.deliver.smtp_connection import SmtpConnection

pytestmark = pytest.mark.django_db(transaction=True)
ERROR = "SELECT last_error FROM queues_nexthop WHERE key <> 'mailbox'"
ROOT = {("", "SOA"): ["a.root. b.root. 1 2 3 4 5"]}
HOP = "domain:Out:far.test"


def certificates(chain):
    return x509.load_pem_x509_certificates(chain.encode())


def key_of(one):
    return one.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def own(carried):
    """`3 1 1` of a certificate."""
    return f"3 1 1 {sha256(key_of(certificates(carried.chain)[0])).hexdigest()}"


@pytest.fixture
def far(dns, hop, queued, deliver):
    """Send to far.test, whose only host is mx.far.test, with these TLSA records; returns the host."""

    def far(carried, tlsa=(), signed=("", "far.test"), bogus=(), records=None, **settings):
        server = hop(carried)
        zone = ROOT | {
            ("far.test", "MX"): ["0 mx.far.test."],
            ("mx.far.test", "A"): ["127.0.0.1"],
            (f"_{server.port}._tcp.mx.far.test", "TLSA"): list(tlsa),
        }
        asked = dns(zone | (records or {}), port=server.port, **settings)
        asked.signed, asked.bogus = signed, tuple(each.format(port=server.port) for each in bogus)
        queued("bob@far.test")
        deliver(HOP)
        server.asked = asked.asked
        return server.handler.arrived, (f"_{server.port}._tcp.mx.far.test", "TLSA") in asked.asked

    return far


def test_a_host_whose_own_certificate_dns_names_is_verified_by_it(far, query):
    """Whatever its name and dates are, and whoever signed it."""
    carried = certificate("other.test", days=-1)
    arrived, _ = far(carried, [own(carried)])
    assert [tls for tls, _ in arrived] == [True]
    assert query(PROTECTION)[0][0].endswith("certificate verified by DANE (3 1 1)")


def test_a_host_with_another_certificate_gets_nothing(far, query):
    arrived, _ = far(AUTHORITY.certificate("mx.far.test"), [own(certificate())])
    assert not arrived
    assert "no TLSA record names its certificate; DANE demands more" in query(ERROR)[0][0]


def test_a_host_whose_tls_somebody_strips_gets_nothing(dns, sink, queued, deliver, query):
    asked = dns(ROOT | {
        ("far.test", "MX"): ["0 mx.far.test."], ("mx.far.test", "A"): ["127.0.0.1"],
        (f"_{sink.port}._tcp.mx.far.test", "TLSA"): [own(certificate())],
    })  # fmt: skip
    asked.signed = ("", "far.test")
    queued("bob@far.test")
    deliver(HOP)
    assert not sink.arrived
    assert "STARTTLS is not offered; DANE demands more" in query(ERROR)[0][0]


@pytest.mark.parametrize(("name", "arrives"), [("mx.far.test", True), ("far.test", True), ("mx.else.test", False)])
def test_an_authority_that_stands_in_dns_itself(far, query, name, arrives):
    carried = AUTHORITY.certificate(name)
    anchor = certificates(carried.chain)[1].public_bytes(Encoding.DER).hex()
    arrived, _ = far(carried, [f"2 0 0 {anchor}"])
    assert bool(arrived) is arrives
    if arrives:
        assert query(PROTECTION)[0][0].endswith("certificate verified by DANE (an authority that DNS names)")
    else:
        assert "its certificate is for mx.else.test, not for mx.far.test; DANE" in query(ERROR)[0][0]


@pytest.mark.parametrize("readable", [True, False])
def test_an_authority_that_cannot_be_read_takes_nothing_from_the_others(far, query, readable):
    carried = AUTHORITY.certificate("mx.far.test")
    anchor = certificates(carried.chain)[1].public_bytes(Encoding.DER).hex()
    arrived, _ = far(carried, [f"2 0 0 {anchor}00", *([f"2 0 0 {anchor}"] if readable else [])])
    assert bool(arrived) is readable
    assert readable or "no TLSA record names its certificate; DANE demands more" in query(ERROR)[0][0]


@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize(("kind", "digest"), [(1, sha256), (2, sha512)])
def test_an_authority_by_its_digest_is_looked_for_in_the_chain(far, query, selector, kind, digest):
    carried = AUTHORITY.certificate("mx.far.test")
    anchor = certificates(carried.chain)[1]
    named = digest(key_of(anchor) if selector else anchor.public_bytes(Encoding.DER)).hexdigest()
    arrived, _ = far(carried, [f"2 {selector} {kind} {named}"])
    assert [tls for tls, _ in arrived] == [True]
    assert query(PROTECTION)[0][0].endswith("certificate verified by DANE (an authority that DNS names)")


def test_an_authority_that_is_not_in_the_chain_names_nobody(far, query):
    arrived, _ = far(certificate("mx.far.test"), [f"2 1 1 {'00' * 32}"])
    assert not arrived
    assert "no TLSA record names its certificate; DANE demands more" in query(ERROR)[0][0]


def test_an_authority_whose_name_alone_is_shown_has_signed_nothing(far, query):
    """Its certificate stands in the chain, and the server's own is signed by itself."""
    anchor = certificates(AUTHORITY.certificate("mx.far.test").chain)[1]
    lone = certificate("mx.far.test")
    shown = replace(lone, chain=lone.chain + anchor.public_bytes(Encoding.PEM).decode())
    arrived, _ = far(shown, [f"2 1 1 {sha256(key_of(anchor)).hexdigest()}"])
    assert not arrived and "DANE demands more" in query(ERROR)[0][0]


def test_where_python_does_not_tell_the_chain_mail_waits_and_says_why(far, query, monkeypatch):
    monkeypatch.setattr(SmtpConnection, "chain", ())
    carried = AUTHORITY.certificate("mx.far.test")
    digest = sha256(key_of(certificates(carried.chain)[1])).hexdigest()
    arrived, _ = far(carried, [f"2 1 1 {digest}"])
    assert not arrived and "those of an authority (usage 2) cannot be compared here" in query(ERROR)[0][0]


def test_records_of_which_none_can_be_used_demand_tls_and_nothing_of_the_certificate(far, query):
    arrived, _ = far(certificate(), ["1 1 1 " + "00" * 32])
    assert [tls for tls, _ in arrived] == [True]
    assert "certificate not verified" in query(PROTECTION)[0][0]


def test_such_records_let_nothing_leave_in_the_clear(dns, sink, queued, deliver, query):
    asked = dns(ROOT | {
        ("far.test", "MX"): ["0 mx.far.test."], ("mx.far.test", "A"): ["127.0.0.1"],
        (f"_{sink.port}._tcp.mx.far.test", "TLSA"): ["0 1 1 " + "00" * 32],
    })  # fmt: skip
    asked.signed = ("", "far.test")
    queued("bob@far.test")
    deliver(HOP)
    assert not sink.arrived and "DANE demands more" in query(ERROR)[0][0]


@pytest.mark.parametrize("signed", [("",), ("", "mx.far.test"), ("", "far.test-mx-only")])
def test_what_dns_has_not_signed_is_no_dane_and_not_even_asked_for(far, query, signed):
    """The MX record is not signed, or neither is."""
    arrived, asked = far(certificate(), [own(AUTHORITY.certificate())], signed=signed)
    assert len(arrived) == 1 and not asked


def test_a_host_outside_the_signed_zone_is_not_asked_about(far, query):
    records = {("far.test", "MX"): ["0 mx.near.test."], ("mx.near.test", "A"): ["127.0.0.1"]}
    arrived, asked = far(certificate(), [own(AUTHORITY.certificate())], records=records)
    assert len(arrived) == 1 and not asked


def test_a_signed_denial_is_no_dane(far, query):
    arrived, asked = far(certificate())
    assert len(arrived) == 1 and asked


def test_an_answer_that_is_bogus_lets_the_mail_wait(far, query):
    carried = certificate()
    arrived, asked = far(carried, [own(carried)], bogus=("_tcp.mx.far.test",))
    assert asked and not arrived
    assert "DNS does not say which certificate it has (DANE)" in query(ERROR)[0][0]


def test_mail_hosts_that_are_bogus_let_the_mail_wait(far, query):
    arrived, _ = far(certificate(), bogus=("far.test",))
    assert not arrived and "DNS query failed" in query(ERROR)[0][0]


def test_the_records_of_an_alias_are_those_of_its_real_name(far, query):
    carried = certificate()
    records = {
        ("mx.far.test", "A"): [], ("mx.far.test", "CNAME"): ["real.far.test."], ("real.far.test", "A"): ["127.0.0.1"],
    }  # fmt: skip
    arrived, asked = far(carried, [own(carried)], records=records)
    assert len(arrived) == 1 and asked
    assert query(PROTECTION)[0][0].endswith("certificate verified by DANE (3 1 1)")


@pytest.mark.parametrize(
    ("host", "ends"), [("mx.far.test", "verified by DANE (3 1 1)"), ("[127.0.0.1]", "(self-signed certificate)")]
)
def test_a_smart_host_by_name_is_asked_about_and_an_address_is_not(configure, hop, queued, deliver, query, host, ends):
    carried = certificate()
    server = hop(carried)
    zone = ROOT | {("mx.far.test", "A"): ["127.0.0.1"], (f"_{server.port}._tcp.mx.far.test", "TLSA"): [own(carried)]}
    with DnsServer(zone, signed=("", "far.test")) as asked:
        at = (Binding("127.0.0.1", asked.port),)
        configure(smart_hosts=(host,), port=server.port, dns_servers=at, use_external_dns_servers_enabled=True)
        queued("bob@far.test")
        deliver()
    assert query(PROTECTION)[0][0].endswith(ends)


@pytest.mark.parametrize(("changes", "signed", "why"), [
    ({"smtp_dane_mode": DaneMode.Mandatory}, ("", "far.test"), "it publishes no TLSA record that can be used"),
    ({"smtp_dane_mode": DaneMode.Mandatory}, ("far.test",), "does not validate DNSSEC"),
])  # fmt: skip
def test_where_dane_is_mandatory_a_host_without_it_gets_nothing(far, query, changes, signed, why):
    arrived, _ = far(certificate(), signed=signed, **changes)
    assert not arrived and why in query(ERROR)[0][0]


@pytest.mark.parametrize("signed", [("far.test",), ()])
def test_a_resolver_that_does_not_prove_itself_is_not_believed(far, signed):
    arrived, asked = far(certificate(), [own(AUTHORITY.certificate())], signed=signed)
    assert len(arrived) == 1 and not asked


def test_dane_can_be_switched_off(far):
    arrived, asked = far(certificate(), [own(AUTHORITY.certificate())], smtp_dane_mode=DaneMode.None_)
    assert len(arrived) == 1 and not asked


def test_why_a_name_server_is_not_relied_on():
    with DnsServer(ROOT, signed=("",)) as good, DnsServer(ROOT) as plain, DnsServer(silent=True) as silent:
        assert name_servers.doubt([Binding("127.0.0.1", good.port)]) == ""
        assert "does not validate" in name_servers.doubt([Binding("127.0.0.1", plain.port)])
        assert "does not tell of the root zone" in name_servers.doubt([Binding("127.0.0.1", silent.port)], 0.5)
        assert "not on this machine" in name_servers.doubt([Binding("192.0.2.1", 53)])
