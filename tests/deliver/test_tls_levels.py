"""What a Send connector demands of TLS: a host that cannot do it gets nothing, and the mail waits with words."""

from __future__ import annotations

import ssl

import pytest
from cryptography.fernet import Fernet
from msgspec.structs import replace

from tests.deliver.test_protection import PROTECTION
from tests.deliver.tls_hop import AUTHORITY
from tests.shell.certificates import SECRET, certificate
from transport.config.send_connector import TlsAuthLevel
from transport.config.transport_config import TransportConfig
from transport.deliver import locked

pytestmark = pytest.mark.django_db(transaction=True)
ERROR = "SELECT last_error FROM queues_nexthop WHERE key <> 'mailbox'"
CHAIN = {"require_tls": True, "tls_auth_level": TlsAuthLevel.CertificateValidation}
NAME = {"require_tls": True, "tls_auth_level": TlsAuthLevel.DomainValidation}
GOOD = AUTHORITY.certificate("localhost")


def test_never_is_in_the_clear_though_tls_is_offered(queued, deliver, configure, hop, query):
    server = hop(GOOD)
    configure(smart_hosts=("localhost",), port=server.port, ignore_starttls=True)
    queued("bob@far.test")
    deliver()
    assert [tls for tls, _ in server.handler.arrived] == [False]
    assert query(PROTECTION) == [("In the clear: IgnoreSTARTTLS of Out",)]


def test_helo_is_said_where_the_connector_forces_it(sent, sink, configure, queued, deliver, query):
    sink.extensions = ("STARTTLS",)
    configure(force_helo=True)
    queued("bob@far.test")
    deliver()
    assert sink.verbs.get("EHLO") is None and sink.verbs["HELO"] == 1 and len(sink.arrived) == 1
    assert query(PROTECTION) == [("In the clear: ForceHELO of Out",)]


@pytest.mark.parametrize(
    ("asks", "carried", "ends"),
    [
        ({"require_tls": True}, certificate("localhost"), "certificate not verified (self-signed certificate)"),
        (CHAIN, GOOD, "certificate verified"),
        (CHAIN, AUTHORITY.certificate("mx.x.test"), "trusted authority (it is for mx.x.test, not for localhost)"),
        (NAME | {"tls_domain": "localhost"}, GOOD, "certificate verified for localhost (Out)"),
        (NAME | {"tls_domain": "*.x.test"}, AUTHORITY.certificate("mx.x.test"), "verified for .x.test (Out)"),
    ],
)
def test_a_host_that_does_what_is_demanded_gets_the_mail(queued, deliver, configure, hop, query, asks, carried, ends):
    server = hop(carried)
    configure(smart_hosts=("localhost",), port=server.port, **asks)
    queued("bob@far.test")
    deliver()
    assert [tls for tls, _ in server.handler.arrived] == [True]
    ((protection,),) = query(PROTECTION)
    assert protection.startswith("TLSv1.3, TLS_") and protection.endswith(ends)


@pytest.mark.parametrize(
    ("asks", "carried", "why"),
    [
        (CHAIN, certificate("localhost"), "self-signed certificate; Out demands more"),
        (CHAIN, AUTHORITY.certificate("localhost", days=-1), "certificate has expired; Out demands more"),
        (
            NAME | {"tls_domain": "mail.far.test"}, GOOD,
            "its certificate is for localhost, not for mail.far.test; Out demands more",
        ),
    ],
)  # fmt: skip
def test_a_host_with_another_certificate_gets_nothing_and_the_mail_waits(
    queued, deliver, configure, hop, query, asks, carried, why
):
    server = hop(carried)
    configure(smart_hosts=("localhost",), port=server.port, **asks)
    queued("bob@far.test")
    deliver()
    assert not server.handler.arrived
    assert why in query(ERROR)[0][0]
    assert query("SELECT status FROM queues_recipient") == [("ready",)]


@pytest.mark.parametrize(
    ("extensions", "answer", "why"),
    [
        ((), "", "STARTTLS is not offered; Out demands more"),
        (("STARTTLS",), "454 4.7.0 not now", "STARTTLS was answered 454 4.7.0 not now; Out demands more"),
        (("STARTTLS",), "220 go ahead", "wrong version number; Out demands more"),
    ],
)
def test_nobody_between_us_strips_tls_that_is_required(
    sink, configure, queued, deliver, query, extensions, answer, why
):
    sink.extensions = extensions
    sink.behave = lambda line, n: answer if line == "STARTTLS" else "500 what?" if line[:1] == "\x16" else None
    configure(require_tls=True)
    queued("bob@far.test")
    deliver()
    assert not sink.arrived and "MAIL" not in sink.verbs
    assert why in query(ERROR)[0][0]


def test_the_next_host_is_asked_when_one_cannot_do_it(sink, hop, configure, queued, deliver):
    server = hop(certificate())
    configure(smart_hosts=("[127.0.0.2]", "[127.0.0.1]"), port=server.port, require_tls=True)
    queued("bob@far.test")
    deliver()
    assert [tls for tls, _ in server.handler.arrived] == [True]


def test_broken_tls_is_remembered_and_the_reason_said_again(queued, deliver, configure, sink, query):
    sink.extensions = ("STARTTLS",)
    sink.behave = lambda line, n: "220 ok" if line == "STARTTLS" else "500 what?" if line[:1] == "\x16" else None
    configure()
    for number in range(2):
        queued(f"u{number}@far.test")
        deliver()
    assert sink.verbs["STAR"] == 1 and len(sink.arrived) == 2
    assert query(PROTECTION) == [("In the clear: wrong version number",)]


def test_a_smart_host_with_tls_from_the_first_octet(queued, deliver, configure, smtps, query):
    server = smtps(GOOD)
    configure(
        smart_hosts=("localhost",), port=server.port, implicit_tls=True, tls_domain="localhost",
        tls_auth_level=TlsAuthLevel.DomainValidation,
    )  # fmt: skip
    queued("bob@far.test")
    deliver()
    assert len(server.arrived) == 1 and not any(line.startswith("STARTTLS") for line in server.commands)
    assert query(PROTECTION)[0][0].endswith("certificate verified for localhost (Out)")


def test_tls_from_the_first_octet_is_never_left_out(queued, deliver, configure, sink, query):
    """A host that speaks in the clear at that port gets nothing."""
    configure(smart_hosts=("localhost",), implicit_tls=True)
    queued("bob@far.test")
    deliver()
    assert not sink.arrived
    assert "wrong version number; Out demands more" in query(ERROR)[0][0]


def test_our_certificate_is_shown_to_a_host_that_asks(queued, deliver, configure, smtps, query, monkeypatch):
    monkeypatch.setattr(locked, "secret", lambda: SECRET)
    server = smtps(GOOD, asks=AUTHORITY)
    ours = AUTHORITY.certificate("gw.test")
    configure(
        smart_hosts=("localhost",), port=server.port, implicit_tls=True, certificates=(ours,),
        tls_certificate_name="<I>CN=authority.test<S>CN=gw.test",
    )  # fmt: skip
    queued("bob@far.test")
    deliver()
    assert server.shown == ["gw.test"]
    assert len(server.arrived) == 1


def test_a_certificate_whose_key_cannot_be_read_says_so(queued, deliver, configure, smtps, query, monkeypatch):
    monkeypatch.setattr(locked, "secret", Fernet.generate_key)
    server = smtps(GOOD)
    ours = replace(AUTHORITY.certificate("gw.test"), name="Ours")
    configure(
        smart_hosts=("localhost",), port=server.port, implicit_tls=True, certificates=(ours,),
        tls_certificate_name="<I>CN=authority.test<S>CN=gw.test",
    )  # fmt: skip
    queued("bob@far.test")
    deliver()
    assert not server.arrived
    assert "our own certificate Ours: its private key cannot be decrypted" in query(ERROR)[0][0]


@pytest.mark.parametrize(("name", "arrives"), [("mx.far.test", True), ("mx.other.test", False)])
def test_a_secure_domain_must_prove_itself(queued, deliver, dns, hop, query, name, arrives):
    server = hop(AUTHORITY.certificate(name))
    dns(
        {("far.test", "MX"): ["0 mx.far.test."], ("mx.far.test", "A"): ["127.0.0.1"]}, port=server.port,
        domain_secure_enabled=True, config=TransportConfig(tls_send_domain_secure_list=("far.test",)),
    )  # fmt: skip
    queued("bob@far.test")
    deliver("domain:Out:far.test")
    assert bool(server.handler.arrived) is arrives
    if not arrives:
        assert "certificate is for mx.other.test, not for far.test; Domain Security" in query(ERROR)[0][0]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_of_yesterday_is_none_where_it_is_required(queued, deliver, configure, hop, query):
    server = hop(certificate(), maximum_version=ssl.TLSVersion.TLSv1_1)
    configure(port=server.port, require_tls=True)
    queued("bob@far.test")
    deliver()
    assert not server.handler.arrived
    assert "Out demands more" in query(ERROR)[0][0]
