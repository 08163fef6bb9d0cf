"""The least that each connector asks of TLS, over sockets: connectors beside each other, clients old and new."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.conftest import wait_for
from tests.shell.certificates import SECRET, certificate
from tests.shell.running_transport import RunningTransport
from transport.config.receive_connector import TlsVersion

CONNECTORS = {
    "usual": {},
    "newest only": {"minimum_tls_version": TlsVersion.Tls13},
    "for old devices": {"require_128_bit_encryption": False},
}
CLIENTS = {name: f"127.0.0.{number}" for number, name in enumerate(CONNECTORS, 1)}
V = ssl.TLSVersion


def client(lowest: V, highest: V, ciphers: str = "") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers((ciphers or "DEFAULT") + ":@SECLEVEL=0")
    context.minimum_version, context.maximum_version = lowest, highest
    return context


@pytest.fixture(scope="module")
def transport() -> Iterator[RunningTransport]:
    running = RunningTransport()
    running.variables["GATEPOST_SECRET_KEY"] = SECRET.decode()
    made = [running.connector(name, ranges=CLIENTS[name], **values) for name, values in CONNECTORS.items()]
    running.publish(*made, certificates=(certificate(key=rsa.generate_private_key(65537, 2048)),))
    running.start()
    yield running
    running.stop()
    assert "Traceback" not in running.log
    running.remove()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize(
    ("able", "served"),
    [
        pytest.param((V.TLSv1_3, V.TLSv1_3), {"usual", "newest only", "for old devices"}, id="TLS 1.3"),
        pytest.param((V.TLSv1_2, V.TLSv1_3), {"usual", "newest only", "for old devices"}, id="TLS 1.2 and 1.3"),
        pytest.param((V.TLSv1_2, V.TLSv1_2), {"usual", "for old devices"}, id="TLS 1.2"),
        pytest.param((V.TLSv1_2, V.TLSv1_2, "ECDHE-RSA-AES128-SHA256"), {"usual", "for old devices"}, id="CBC"),
        pytest.param((V.TLSv1_2, V.TLSv1_2, "AES128-SHA"), {"for old devices"}, id="no forward secrecy"),
        pytest.param((V.TLSv1_2, V.TLSv1_2, "ECDHE-RSA-AES128-SHA"), {"for old devices"}, id="SHA-1"),
        pytest.param((V.TLSv1_2, V.TLSv1_2, "ECDHE-RSA-NULL-SHA"), set(), id="nothing enciphered"),
        pytest.param((V.TLSv1_2, V.TLSv1_2, "AECDH-AES128-SHA"), set(), id="nobody proved"),
        pytest.param((V.TLSv1_1, V.TLSv1_1), set(), id="TLS 1.1"),
        pytest.param((V.TLSv1, V.TLSv1), set(), id="TLS 1.0"),
    ],
)
def test_who_may_negotiate_where(transport: RunningTransport, able: tuple[Any, ...], served: set[str]) -> None:
    context = client(*able)
    assert {name for name in CONNECTORS if is_served(transport, name, context)} == served
    wait_for(lambda: transport.facts()["sessions"] == 0, "a session is left")


def is_served(transport: RunningTransport, name: str, context: ssl.SSLContext) -> bool:
    asking = transport.client(CLIENTS[name])
    asking.reply()
    assert asking.say("STARTTLS").startswith("220 ")
    try:
        asking.start_tls(context)
        return asking.say("EHLO client.test").startswith("250 ")
    except OSError:
        return False
    finally:
        asking.close()
