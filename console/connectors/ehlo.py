"""The answer to EHLO that a connector would give, before and after STARTTLS. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from transport.config.receive_connector import AuthMechanism, ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive import hello
from transport.receive.policy import Policy
from transport.receive.session import Session

CLIENT = ("192.0.2.7", 49152)  # RFC 5737: an address for examples
CIPHER = "TLSv1.3 TLS_AES_256_GCM_SHA384"


def answers(connector: ReceiveConnector, server: str, kerberos: bool = False) -> tuple[str, str]:
    """What a client reads without and with TLS; the second is empty without TLS. `kerberos`: as `Policy`."""
    offers = AuthMechanism.Tls in connector.auth_mechanism
    local = ("192.0.2.1", connector.bindings[0].port if connector.bindings else 25)
    policy = Policy(Snapshot(receive_connectors=(connector,)), server, kerberos)
    plain = Session(policy, connector, *local, *CLIENT, tls_available=offers)
    return hello.answer(plain).text, hello.answer(replace(plain, tls=CIPHER)).text if offers else ""
