"""A mail server looked at as others see it: what is found, and that nobody can hold or fill the test."""

from __future__ import annotations

import time
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import replace

from tests.deliver.tls_hop import AUTHORITY, TlsHop
from tests.dns_server import DnsServer
from transport.config import bounds
from transport.config.endpoint import Binding
from transport.deliver import survey
from transport.deliver.look_up import Asking
from transport.deliver.survey import Asker, of_domain, of_server
from transport.send.dane import Standing
from transport.send.hosts import HostPolicy

LISTED = ("bl.test",)
ZONE = {
    ("far.test", "MX"): ["10 mx.far.test.", "20 spare.far.test."],
    ("mx.far.test", "A"): ["127.0.0.1"],
    ("far.test", "TXT"): ['"v=spf1 include:a.test mx -all"', '"something else"'],
    ("a.test", "TXT"): ['"v=spf1 include:a.test a ip4:192.0.2.0/24 -all"'],
    ("_dmarc.far.test", "TXT"): ['"v=DMARC1; p=reject"'],
    ("s1._domainkey.far.test", "TXT"): ['"v=DKIM1; k=rsa; " "p=abc"'],
    ("_smtp._tls.far.test", "TXT"): ['"v=TLSRPTv1; rua=mailto:tls@far.test"'],
}


@pytest.fixture
def asks():
    """Asks a DNS server with these records, and mail servers at this port."""
    servers = []

    def asks(port, records=ZONE, bindings=(), doubt="not on this machine", **how):
        servers.append(DnsServer(records, **how))
        asking = Asking((Binding("127.0.0.1", servers[-1].port),), ("A", "AAAA"), doubt)
        policy = HostPolicy(frozenset(), frozenset(bindings), port)
        return Asker(asking, "gw.test", LISTED, policy, port)

    yield asks
    for server in servers:
        server.close()


def test_a_domain_with_its_records_and_servers(asks, sink):
    found = of_domain(asks(sink.port), "far.test", ("s1",))
    domain, (first, second) = found.domain, found.exchangers
    assert sorted(domain.mx.records) == ["10 mx.far.test.", "20 spare.far.test."]
    assert domain.spf == ["v=spf1 include:a.test mx -all"] and domain.spf_lookups == 4
    assert domain.dkim[0].records == ("v=DKIM1; k=rsa; p=abc",)
    assert (domain.dmarc_domain, domain.dmarc.records) == ("far.test", ("v=DMARC1; p=reject",))
    assert domain.tls_rpt.records and domain.policy == "there is no record of one"
    assert (first.name, first.preference, first.addresses[0].address) == ("mx.far.test", 10, "127.0.0.1")
    assert second.failure == "DNS has no address of it"
    said = [each.text for each in first.talk.transcript if each.event == ">"]
    assert "RCPT TO:<relay-test@example.com>" in said and not any(line.startswith("DATA") for line in said)
    assert sink.arrived == [] and "DATA" not in sink.verbs


def test_a_subdomain_has_the_policy_of_its_parent(asks, sink):
    found = of_domain(asks(sink.port), "in.far.test")
    assert found.domain.dmarc_domain == "far.test" and found.domain.dmarc.records == ("v=DMARC1; p=reject",)


def test_a_server_with_tls_that_is_trusted_and_one_that_is_not(asks, hop):
    trusted = of_server(asks(hop(AUTHORITY.certificate("mx.far.test")).port), "mx.far.test").exchangers[0].talk
    assert trusted.offers_tls and trusted.certificate.problem == "" and trusted.certificate.names == ("mx.far.test",)
    spoken = {each.name: each.is_spoken for each in trusted.versions}
    assert spoken["TLS 1.2"] is True and spoken["TLS 1.3"] is True
    other = of_server(asks(hop(AUTHORITY.certificate("other.test")).port), "mx.far.test").exchangers[0].talk
    assert "it is for other.test, not for mx.far.test" in other.certificate.problem


def test_a_certificate_that_was_mended_is_not_remembered_as_bad(asks, hop):
    from tests.shell.certificates import Authority

    asked = asks(hop(Authority().certificate("mx.far.test")).port)
    assert of_server(asked, "mx.far.test").exchangers[0].talk.certificate.problem
    assert (
        of_server(asks(hop(AUTHORITY.certificate("mx.far.test")).port), "mx.far.test")
        .exchangers[0]
        .talk.certificate.problem
        == ""
    )


def test_a_server_that_relays_and_one_that_is_ours(asks, sink):
    (host,) = of_server(asks(sink.port, bindings=[Binding("127.0.0.1", sink.port)]), "mx.far.test").exchangers
    assert host.talk.is_ours
    assert [(each.code, each.is_plain) for each in host.talk.probes] == [(250, True), (250, False), (250, False)]
    sink.behave = lambda line, n: "550 5.7.54 no" if line.startswith("RCPT") else None
    (host,) = of_server(asks(sink.port), "127.0.0.1").exchangers
    assert {each.code for each in host.talk.probes} == {550} and not host.talk.is_ours


def test_nobody_listens(asks):
    (host,) = of_server(asks(9), "mx.far.test").exchangers
    assert "refused" in host.talk.failure and host.talk.banner == ""


@pytest.mark.parametrize("how", [{"silent": True}, {"silent_for": "far.test"}])
def test_name_servers_that_do_not_answer_hold_nobody(asks, sink, how, monkeypatch):
    monkeypatch.setattr(survey, "A_QUESTION", 0.5)
    monkeypatch.setattr(survey, "SECONDS", 4.0)
    began = time.monotonic()
    found = of_domain(asks(sink.port, **how), "far.test")
    assert time.monotonic() - began < 6.0 and found.domain.mx.failure


def test_a_host_that_never_answers_holds_nobody_longer_than_the_bound(asks, scripted, monkeypatch):
    monkeypatch.setattr(survey, "SECONDS", 1.5)
    began = time.monotonic()
    found = of_server(asks(scripted(lambda peer: peer.recv(1)).port), "mx.far.test")
    assert time.monotonic() - began < 1.5 + 1.5 < (bounds.MAIL_SERVER_TEST.seconds or 0)
    assert found.is_cut or found.exchangers[0].talk.failure


def test_a_host_that_talks_without_end_fills_no_page(asks, sink):
    many = "\r\n".join(["250-x"] * 99 + ["250 x"])
    sink.behave = lambda line, n: many if line.startswith(("EHLO", "MAIL", "RCPT", "RSET")) else None
    (host,) = of_server(asks(sink.port), "127.0.0.1").exchangers
    assert len(host.talk.transcript) <= (bounds.MAIL_SERVER_TEST.lines or 0)


def test_records_without_end_and_names_that_lead_in_circles(asks, sink):
    text = "v=spf1 " + " ".join(f"include:{n}.far.test" for n in range(15))
    zone = {("far.test", "TXT"): [f'"{text[:200]}" "{text[200:]}"']}
    zone |= {(f"{n}.far.test", "TXT"): ['"v=spf1 include:far.test -all"'] for n in range(15)}
    found = of_domain(asks(sink.port, zone), "far.test")
    assert found.domain.spf_lookups > 10


def test_a_domain_without_mx_and_one_that_takes_no_mail(asks, sink):
    zone = {("far.test", "A"): ["127.0.0.1"], ("null.test", "MX"): ["0 ."]}
    (host,) = of_domain(asks(sink.port, zone), "far.test").exchangers
    assert (host.name, host.preference, host.talk.banner != "") == ("far.test", None, True)
    found = of_domain(asks(sink.port, zone), "null.test")
    assert found.domain.is_null_mx and found.exchangers == ()


@pytest.mark.parametrize(("signed", "protected"), [(("far.test", "other.test"), True), (("other.test",), False)])
def test_dane_counts_only_where_dns_has_signed_the_way_to_the_server(asks, sink, signed, protected):
    zone = {("far.test", "MX"): ["10 mx.other.test."], ("mx.other.test", "A"): ["127.0.0.1"]}
    zone[f"_{sink.port}._tcp.mx.other.test", "TLSA"] = ["3 1 1 " + "ab" * 32]
    (host,) = of_domain(asks(sink.port, zone, doubt="", signed=signed), "far.test").exchangers
    assert (host.dane.standing is Standing.USABLE) is protected


@pytest.mark.parametrize("fits", [True, False])
def test_the_records_of_dane_are_held_against_the_certificate_as_delivery_does(asks, hop, fits):
    carried = AUTHORITY.certificate("mx.far.test")
    there = hop(carried)
    key = sha256(x509.load_pem_x509_certificate(carried.chain.encode()).public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()  # fmt: skip
    zone = ZONE | {(f"_{there.port}._tcp.mx.far.test", "TLSA"): [f"3 1 1 {key if fits else 'ab' * 32}"]}
    (host, _) = of_domain(asks(there.port, zone, doubt="", signed=("far.test",)), "far.test").exchangers
    assert host.dane.standing is Standing.USABLE and host.talk.certificate.key == key
    assert host.talk.dane_problem == ("" if fits else "no TLSA record names its certificate; DANE demands more")


def test_tls_from_the_first_octet(asks, hop, tmp_path, sink):
    there = TlsHop(AUTHORITY.certificate("mx.far.test"), tmp_path, offers=("AUTH PLAIN",))
    talk = of_server(replace(asks(there.port), implicit=True), "mx.far.test").exchangers[0].talk
    there.close()
    assert talk.is_implicit and talk.certificate.problem == "" and talk.offered[-1].mechanisms == {"PLAIN"}
    assert "TLS 1.3" in [each.name for each in talk.versions if each.is_spoken]
    plain = of_server(replace(asks(sink.port), implicit=True), "mx.far.test").exchangers[0].talk
    assert plain.certificate is None and not plain.banner and plain.failure == "wrong version number"


def test_lists_that_do_not_answer_take_no_longer_than_one(asks, sink, monkeypatch):
    monkeypatch.setattr(survey, "A_QUESTION", 1.0)
    monkeypatch.setattr(survey.hosts, "is_inner", lambda address: False)
    asked = replace(asks(sink.port, silent_for="bl.test"), lists=tuple(f"{n}.bl.test" for n in range(6)))
    began = time.monotonic()
    (host,) = of_server(asked, "mx.far.test").exchangers
    assert [bool(each.failure) for each in host.addresses[0].listings] == [True] * 6
    assert time.monotonic() - began < 4.0
