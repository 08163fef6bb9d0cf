"""What TLS with each host of a next hop must be, with all that has to be asked for it."""

from time import time

from transport.config.send_connector import SendConnector
from transport.config.snapshot import Snapshot
from transport.deliver.client_contexts import own_certificate
from transport.send import tls_policy
from transport.send.hosts import Host
from transport.send.tls_policy import Demand


class Demands:
    """Of one next hop: `domain` is the recipients', or what the smart hosts are known by."""

    def __init__(self, connector: SendConnector, domain: str, snapshot: Snapshot) -> None:
        secure = snapshot.transport_config.tls_send_domain_secure_list
        mutual = tls_policy.is_secure(connector, domain, secure)
        own = own_certificate(connector, snapshot.certificates, mutual, time())
        self._level = tls_policy.level(connector, domain, secure, own)

    def of(self, host: Host) -> Demand:
        return self._level
