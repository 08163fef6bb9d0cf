"""What TLS with each host of a next hop must be, with all that has to be asked for it."""

from time import time

from transport.config.send_connector import DaneMode, MtaStsMode, SendConnector
from transport.config.snapshot import Snapshot
from transport.deliver import look_up
from transport.deliver.client_contexts import own_certificate
from transport.deliver.look_up import LookUp
from transport.deliver.securing import Only, Protection
from transport.deliver.sts_policies import StsPolicies
from transport.deliver.tls_tally import TALLY
from transport.send import tls_policy, tls_results
from transport.send.dane import Standing
from transport.send.hosts import Host
from transport.send.sts import StsPolicy
from transport.send.tls_policy import Demand, Encryption, Published
from transport.send.tls_results import Result


class Demands:
    """Of one next hop: `domain` is the recipients', or what the smart hosts are known by."""

    def __init__(self, connector: SendConnector, domain: str, snapshot: Snapshot, policies: StsPolicies) -> None:
        self._connector, self._domain, self._snapshot, self._policies = connector, domain, snapshot, policies
        secure = snapshot.transport_config.tls_send_domain_secure_list
        mutual = tls_policy.is_secure(connector, domain, secure)
        own = own_certificate(connector, snapshot.certificates, mutual, time())
        self._level = tls_policy.level(connector, domain, secure, own)
        self._found: dict[str, StsPolicy | None] = {}

    def of(self, host: Host) -> Demand:
        """What is asked of this host. Policies are asked for when the first of the hosts is; TLSA records of each."""
        if self._level.encryption is Encryption.NEVER:
            return self._level
        mode = self._connector.smtp_dane_mode
        questions = LookUp(look_up.asking(self._connector, self._snapshot))
        dane = questions.dane(host, host.port or self._connector.port)
        decided = dane.standing in (Standing.USABLE, Standing.UNKNOWN)
        policy = None if decided else self._sts(host)
        published = Published(self._of_policy(host), policy, dane, mode is DaneMode.Mandatory)
        return tls_policy.demanded(self._level, host, published)

    @property
    def at_least(self) -> Protection:
        """What the connector itself asks for."""
        return Only(self._level)

    def count(self, host: Host, demand: Demand, result: Result, words: str) -> None:
        """How a connection to this host ended."""
        if demand.encryption is not Encryption.NEVER:
            TALLY.add(self._of_policy(host), demand.policy, tls_results.under(demand.policy.kind, result), host, words)

    def _of_policy(self, host: Host) -> str:
        """The domain whose policy holds: the recipients', or that of the smart host (RFC 8461 §2)."""
        return self._domain if self._connector.dns_routing_enabled else host.tls_name

    def _sts(self, host: Host) -> StsPolicy | None:
        """Asked for once a round; an address has none."""
        domain = self._of_policy(host)
        if self._connector.mta_sts_mode is MtaStsMode.None_ or domain == host.address.partition("%")[0]:
            return None
        if domain not in self._found:
            self._found[domain] = self._policies.of(domain)
        return self._found[domain]
