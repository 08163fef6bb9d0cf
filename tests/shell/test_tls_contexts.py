import ssl
from typing import Any

import msgspec
import pytest
from cryptography.fernet import Fernet

from tests.receive.builders import connector
from tests.shell.certificates import SECRET, certificate
from transport.config.certificate import Certificate
from transport.config.receive_connector import TlsVersion
from transport.config.snapshot import Snapshot
from transport.receive.certificate_match import leaf
from transport.shell.clients.tls_contexts import TlsContexts


def contexts(*certificates: Certificate, before: TlsContexts | None = None, **values: Any) -> TlsContexts:
    return TlsContexts(Snapshot(certificates=certificates, **values), "a.test", SECRET, before)


def shown_to(context: ssl.SSLContext | None, **client: Any) -> str:
    """A handshake in memory: the name in the certificate that a client sees. Raises ssl.SSLError."""
    assert context is not None
    mine = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    mine.check_hostname, mine.verify_mode = False, ssl.CERT_NONE
    for name, value in client.items():
        setattr(mine, name, value) if name != "ciphers" else mine.set_ciphers(value)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(to_server, to_client, server_side=True)
    asking = mine.wrap_bio(to_client, to_server)
    for _ in range(10):
        done = [_step(asking), _step(server)]
        if all(done):
            break
    found = asking.getpeercert(binary_form=True)
    assert found is not None
    names = leaf(ssl.DER_cert_to_PEM_cert(found)).identifier
    return names.rpartition("<S>CN=")[2]


def _step(side: ssl.SSLObject) -> bool:
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def test_the_certificate_with_the_connector_s_name_is_shown() -> None:
    made = contexts(certificate("a.test"), certificate("*.b.test"), certificate("mx.c.test"), certificate("*.c.test"))
    shown = {fqdn: shown_to(made.context(connector(fqdn=fqdn))) for fqdn in ("", "mx.b.test", "A.test", "mx.c.test")}
    assert shown == {"": "a.test", "mx.b.test": "*.b.test", "A.test": "a.test", "mx.c.test": "mx.c.test"}
    assert made.context(connector(fqdn="elsewhere.test")) is not None


def test_of_several_for_one_name_the_valid_and_longest_lasting_is_shown() -> None:
    short, long, gone = certificate("a.test", days=5), certificate("a.test", days=9), certificate("a.test", days=-1)
    made = contexts(short, gone, long)
    assert made.context(connector()) is contexts(long, before=made).context(connector())


def test_tls_certificate_name_comes_first() -> None:
    other = certificate("other.test")
    named = connector(fqdn="a.test", tls_certificate_name=leaf(other.chain).identifier.replace(", ", ",").upper())
    made = contexts(certificate("a.test"), other, receive_connectors=(named,))
    assert shown_to(made.context(named)) == "other.test"
    assert made.problems == []


def test_a_chosen_certificate_that_is_gone_is_said_and_the_best_match_shown() -> None:
    named = connector(fqdn="a.test", tls_certificate_name="<I>CN=Contoso CA<S>CN=gone.test")
    made = contexts(certificate("a.test"), receive_connectors=(named,))
    assert shown_to(made.context(named)) == "a.test"
    assert made.problems == [
        "Default: the certificate <I>CN=Contoso CA<S>CN=gone.test is not here; the best match is shown instead."
    ]


DEFAULT = connector()
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@pytest.mark.parametrize(
    ("asks", "client", "works"),
    [
        ({}, {"maximum_version": TLS12}, True),
        ({"minimum_tls_version": TlsVersion.Tls13}, {"maximum_version": TLS12}, False),
        ({"minimum_tls_version": TlsVersion.Tls13}, {"minimum_version": TLS13}, True),
        ({}, {"maximum_version": TLS12, "ciphers": "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"}, False),
        (
            {"require_128_bit_encryption": False},
            {"maximum_version": TLS12, "ciphers": "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"},
            True,
        ),
    ],
)
def test_the_lowest_version_and_the_ciphers_are_the_connector_s(
    asks: dict[str, Any], client: dict[str, Any], works: bool
) -> None:
    made = contexts(certificate("a.test"))
    context = made.context(connector(**asks))
    if works:
        assert shown_to(context, **client) == "a.test"
    else:
        with pytest.raises(ssl.SSLError):
            shown_to(context, **client)


def test_128_bits_are_kept() -> None:
    context = contexts(certificate("a.test")).context(connector())
    assert context is not None
    assert min(cipher["strength_bits"] for cipher in context.get_ciphers()) >= 128


def test_none_is_none() -> None:
    made = contexts()
    assert not made.available
    assert made.context(connector()) is None


def test_a_bad_certificate_keeps_the_old_one() -> None:
    good = certificate("a.test")
    before = contexts(good)
    for bad in (certificate("a.test", Fernet.generate_key()), msgspec.structs.replace(good, chain="rubbish")):
        made = contexts(bad, before=before)
        assert made.context(DEFAULT) is before.context(DEFAULT)
        assert made.problems[0].startswith("Certificate a.test cannot be used: ")
        assert made.problems[0].endswith("The one before stays in use.")
        assert not contexts(bad).available


def test_an_unchanged_certificate_keeps_its_context() -> None:
    good = certificate("a.test")
    before = contexts(good)
    assert contexts(good, before=before).context(DEFAULT) is before.context(DEFAULT)
