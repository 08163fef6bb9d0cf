"""DANE by a real resolver, which validates real signatures (Sending mail outward, section 2.3). `test_dane.py` has the
same rows by a resolver that only says so, for machines without unbound.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import dns.flags
import dns.message
import dns.query
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.deliver.conftest import LOOPBACK
from tests.deliver.test_dane import certificates, own
from tests.deliver.test_protection import PROTECTION
from tests.deliver.tls_hop import AUTHORITY
from tests.shell.certificates import certificate
from tests.unbound import PLAIN, SignedZones, needs_unbound
from transport import name_servers
from transport.config.endpoint import Binding
from transport.config.send_connector import DaneMode

pytestmark = [pytest.mark.django_db(transaction=True), needs_unbound]
ERROR = "SELECT last_error FROM queues_nexthop WHERE key <> 'mailbox'"
OTHER = "3 1 1 " + "00" * 32


@pytest.fixture
def far(tmp_path, configure, hop, queued, deliver):
    """Send to far.test; its host mx.far.test carries a certificate. `tlsa`: of the host; returns what arrived."""
    with ExitStack() as stack:

        def far(carried, tlsa=(), *, records=None, zones=None, settings=None, through=None, **how):
            server = hop(carried)
            name = f"_{server.port}._tcp.mx.far.test"
            zone = {("far.test", "MX"): ["0 mx.far.test."], ("mx.far.test", "A"): ["127.0.0.1"]}
            zone |= {(name, "TLSA"): list(tlsa)} if tlsa else {}
            zone |= {(each.format(port=server.port), kind): v for (each, kind), v in (records or {}).items()}
            how["torn"] = tuple((each.format(port=server.port), kind) for each, kind in how.get("torn", ()))
            every = {"far.test": zone} | (zones or {})
            found = stack.enter_context(SignedZones(tmp_path, every, **how))
            port = stack.enter_context(through(found.port)) if through else found.port
            configure(
                smart_hosts=(), port=server.port, internal_ip_ranges=LOOPBACK, use_external_dns_servers_enabled=True,
                dns_servers=(Binding("127.0.0.1", port),), **(settings or {}),
            )  # fmt: skip
            queued("bob@far.test")
            deliver("domain:Out:far.test")
            return [tls for tls, _ in server.handler.arrived]

        yield far


def test_a_signed_record_names_the_certificate_whatever_its_name_and_dates_are(far, query):
    carried = certificate("other.test", days=-1)
    assert far(carried, [own(carried)]) == [True]
    assert query(PROTECTION)[0][0].endswith("certificate verified by DANE (3 1 1)")


def test_another_certificate_than_the_signed_one_gets_nothing(far, query):
    assert far(AUTHORITY.certificate("mx.far.test"), [OTHER]) == []
    assert "no TLSA record names its certificate; DANE demands more" in query(ERROR)[0][0]


def test_records_too_large_for_one_datagram_are_read_all_the_same(far, query):
    carried = AUTHORITY.certificate("mx.far.test")
    anchor = certificates(carried.chain)[1].public_bytes(Encoding.DER).hex()
    others = [f"2 0 0 {anchor}{number:02x}" for number in range(6)]
    assert far(carried, [*others, f"2 0 0 {anchor}"]) == [True]
    assert query(PROTECTION)[0][0].endswith("certificate verified by DANE (an authority that DNS names)")


def test_in_a_zone_that_is_not_signed_a_record_means_nothing(far):
    assert far(certificate(), [OTHER], unsigned=("far.test",)) == [True]


def test_a_signed_domain_whose_host_lies_in_an_unsigned_zone(far):
    """Its address is not signed, so that nothing of it is believed."""
    near = {("mx.near.test", "A"): ["127.0.0.1"], ("*._tcp.mx.near.test", "TLSA"): [OTHER]}
    mx = {("far.test", "MX"): ["0 mx.near.test."]}
    assert far(certificate(), records=mx, zones={"near.test": near}, unsigned=("near.test",)) == [True]


def test_an_unsigned_domain_whose_host_lies_in_a_signed_zone(far):
    """Who forges the MX record chooses the host, too."""
    near = {("mx.near.test", "A"): ["127.0.0.1"], ("*._tcp.mx.near.test", "TLSA"): [OTHER]}
    mx = {("far.test", "MX"): ["0 mx.near.test."]}
    assert far(certificate(), records=mx, zones={"near.test": near}, unsigned=("far.test",)) == [True]


def test_a_signed_wildcard_is_a_record(far, query):
    carried = certificate()
    assert far(carried, records={("*._tcp.mx.far.test", "TLSA"): [own(carried)]}) == [True]
    assert "verified by DANE (3 1 1)" in query(PROTECTION)[0][0]


@pytest.mark.parametrize("there", [{}, {("_{port}._tcp.mx.far.test", "TXT"): ['"no TLSA"']}])
def test_a_signed_denial_is_no_dane(far, query, there):
    """Of the name, or of the type alone (NSEC)."""
    assert far(certificate(), records=there) == [True]
    assert "not verified (self-signed certificate)" in query(PROTECTION)[0][0]


@pytest.mark.parametrize("there", [{}, {("_{port}._tcp.mx.far.test", "TXT"): ['"no TLSA"']}])
def test_where_dane_is_mandatory_a_signed_denial_lets_the_mail_wait(far, query, there):
    assert far(certificate(), records=there, settings={"smtp_dane_mode": DaneMode.Mandatory}) == []
    assert "it publishes no TLSA record that can be used" in query(ERROR)[0][0]


@pytest.mark.parametrize("how", [{"bogus": ("far.test",)}, {"late": ("far.test",)}])
def test_a_domain_whose_signatures_are_wrong_or_over_lets_its_mail_wait(far, query, how):
    carried = certificate()
    assert far(carried, [own(carried)], **how) == []
    assert "DNS query failed" in query(ERROR)[0][0]


def test_records_without_their_signature_let_the_mail_wait(far, query):
    """Somebody cut the signature out, to have mail without DANE."""
    carried = certificate()
    assert far(carried, [own(carried)], torn=[("_{port}._tcp.mx.far.test", "TLSA")]) == []
    assert "DNS does not say which certificate it has (DANE)" in query(ERROR)[0][0]


def test_a_denial_without_its_signature_lets_the_mail_wait(far, query):
    """Somebody says that there is no record."""
    assert far(certificate(), torn=[(name, "NSEC") for name in ("far.test", "mx.far.test", "ns.far.test")]) == []
    assert "DNS does not say which certificate it has (DANE)" in query(ERROR)[0][0]


@contextmanager
def forwarder(port: int, change: Callable[[dns.message.Message], None]) -> Iterator[int]:
    """Asks another one, and changes its answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind(("127.0.0.1", 0))

        def serve() -> None:
            while (asked := here.recvfrom(4096))[0]:
                answer = dns.query.udp(dns.message.from_wire(asked[0]), "127.0.0.1", 5, port)
                change(answer)
                here.sendto(answer.to_wire(), asked[1])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield here.getsockname()[1]
        here.sendto(b"", here.getsockname())
        thread.join()


def without_ad(answer: dns.message.Message) -> None:
    answer.flags &= ~dns.flags.AD


def test_which_resolvers_prove_that_they_validate(tmp_path):
    with SignedZones(tmp_path, {}) as good, forwarder(good.port, without_ad) as stripped:
        assert name_servers.doubt([Binding("127.0.0.1", good.port)]) == ""
        assert "does not validate DNSSEC" in name_servers.doubt([Binding("127.0.0.1", stripped)])
        both = [Binding("127.0.0.1", good.port), Binding("127.0.0.1", stripped)]
        assert str(stripped) in name_servers.doubt(both)


def test_a_resolver_that_does_not_validate_is_told(tmp_path):
    with SignedZones(tmp_path, {}, modules=PLAIN) as plain:
        assert "does not validate DNSSEC" in name_servers.doubt([Binding("127.0.0.1", plain.port)])


def test_without_a_resolver_that_validates_dane_is_off_and_said_to_be(far, query):
    """Records are not looked for: whoever could change the answers could change them, too."""
    assert far(certificate(), [OTHER], modules=PLAIN) == [True]


def test_behind_a_forwarder_that_takes_ad_away_dane_is_off(far):
    assert far(certificate(), [OTHER], through=lambda port: forwarder(port, without_ad)) == [True]


def test_where_dane_is_mandatory_such_a_forwarder_lets_all_mail_wait(far, query):
    mandatory = {"smtp_dane_mode": DaneMode.Mandatory}
    assert far(certificate(), [OTHER], settings=mandatory, through=lambda port: forwarder(port, without_ad)) == []
    assert "does not validate DNSSEC" in query(ERROR)[0][0]
