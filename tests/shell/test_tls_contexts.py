import ssl

import msgspec
from cryptography.fernet import Fernet

from tests.receive.builders import connector
from tests.shell.certificates import SECRET, certificate
from transport.shell.tls_contexts import TlsContexts


def test_the_certificate_with_the_connector_s_name_is_shown() -> None:
    contexts = TlsContexts([certificate("a.test"), certificate("*.b.test")], SECRET, "a.test")
    by_server = contexts.context(connector())
    assert by_server is not None
    assert by_server.minimum_version is ssl.TLSVersion.TLSv1_2
    assert contexts.context(connector(fqdn="mx.b.test")) not in (None, by_server)
    assert contexts.context(connector(fqdn="A.test")) is by_server
    assert contexts.context(connector(fqdn="elsewhere.test")) is by_server


def test_none_is_none() -> None:
    contexts = TlsContexts([], SECRET, "a.test")
    assert not contexts.available
    assert contexts.context(connector()) is None


def test_a_bad_certificate_keeps_the_old_one() -> None:
    good = certificate("a.test")
    before = TlsContexts([good], SECRET, "a.test")
    for bad in (certificate("a.test", Fernet.generate_key()), msgspec.structs.replace(good, chain="rubbish")):
        contexts = TlsContexts([bad], SECRET, "a.test", before)
        assert contexts.context(connector()) is before.context(connector())
        assert contexts.problems[0].startswith("Certificate a.test cannot be used: ")
        assert not TlsContexts([bad], SECRET, "a.test").available


def test_an_unchanged_certificate_keeps_its_context() -> None:
    good = certificate("a.test")
    before = TlsContexts([good], SECRET, "a.test")
    assert TlsContexts([good], SECRET, "a.test", before).context(connector()) is before.context(connector())
