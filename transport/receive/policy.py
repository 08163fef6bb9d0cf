"""One revision, prepared for deciding: built once, shared by all sessions that start under it."""

from __future__ import annotations

from transport.config.accepted_domain import DeliverTo, DomainType
from transport.config.domains import AcceptedDomains, default_domain
from transport.config.endpoint import client_key
from transport.config.permissions import Right, rights
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive import extensions
from transport.receive.blocked_senders import BlockedSenders
from transport.receive.client_lists import ConnectionLists
from transport.receive.connector_match import ConnectorIndex, front_ends
from transport.receive.range_map import RangeMap
from transport.receive.relayed_domains import relayed_domains


class Policy:
    """A snapshot with its indexes: no look-up grows with the number of connectors, ranges or domains."""

    def __init__(self, snapshot: Snapshot, server: str = "localhost", kerberos: bool = False) -> None:
        """`server`: who decides, the name of connectors without an FQDN; `kerberos`: it has keys and library for it."""
        self.snapshot = snapshot
        self.server = server
        self.kerberos = kerberos
        self.connectors = ConnectorIndex(snapshot)
        self.front_ends = front_ends(snapshot)
        self.accepted_domains = AcceptedDomains(snapshot.accepted_domains)
        kept = (each for each in snapshot.accepted_domains if each.deliver_to is DeliverTo.PickUp)
        self.pick_up_methods = frozenset(method for each in kept for method in each.pick_up_methods)
        self.relayed_domains = AcceptedDomains(relayed_domains(snapshot.send_connectors))
        self.default_domain = default_domain(snapshot, server)
        self._believed: dict[tuple[str, int], RangeMap[bool]] = {}
        self._rights: dict[tuple[str, str], frozenset[Right]] = {}
        self._keywords: dict[tuple[str, int, bool, bool], tuple[str, ...]] = {}
        every = snapshot.receive_connectors
        self.our_names = {name.lower().encode() for name in (server, *(each.fqdn for each in every)) if name}
        self.mail_parameters = {
            (connector.name, tls): extensions.mail_parameters(connector, tls)
            for connector in every
            for tls in (False, True)
        }
        self.rcpt_parameters = {connector.name: extensions.rcpt_parameters(connector) for connector in every}
        recipients = snapshot.recipient_filter
        self.blocked_recipients = frozenset(recipients.blocked_recipients if recipients.block_list_enabled else ())
        self.blocked_senders = BlockedSenders(snapshot.sender_filter)
        self.connection_lists = ConnectionLists(snapshot)

    def is_authoritative(self, domain: str) -> bool:
        """True when every recipient of the domain is in the directory here."""
        found = self.accepted_domains.find(domain)
        return found is not None and found.domain_type is DomainType.Authoritative

    def speaks_for_clients(self, connector: ReceiveConnector, ip: str) -> bool:
        """Whether a client of the connector is believed when it says with XCLIENT that it is another one."""
        if not connector.xclient_from:
            return False
        version, address = client_key(ip)
        key = connector.name, version
        believed = self._believed.get(key)
        if believed is None:
            spans = (remote.bounds for remote in connector.xclient_from)
            believed = RangeMap((low, high, 0, True) for of, low, high in spans if of == version)
            self._believed[key] = believed
        return believed.find(address) is not None

    def keywords(self, connector: ReceiveConnector, limit: int, starttls: bool, tls: bool) -> tuple[str, ...]:
        """What the connector offers in its answer to EHLO, worked out once: STARTTLS or not, before or on TLS."""
        key = (connector.name, limit, starttls, tls)
        found = self._keywords.get(key)
        if found is None:
            by = extensions.mechanisms(connector, tls, self.kerberos)
            offered = extensions.keywords(
                connector, limit=limit, starttls=starttls, mechanisms=by, pick_up=self.pick_up_methods, tls=tls
            )
            found = self._keywords[key] = tuple(offered)
        return found

    def rights(self, connector: ReceiveConnector, principal: str) -> frozenset[Right]:
        """The rights of a principal on a connector, worked out once."""
        key = (connector.name, principal)
        found = self._rights.get(key)
        if found is None:
            found = self._rights[key] = rights(connector.permission_groups, connector.grants, principal)
        return found

    def rights_of_user(self, connector: ReceiveConnector, principals: tuple[str, ...]) -> frozenset[Right]:
        """The rights of somebody who stands for several principals, worked out anew: users are many."""
        return rights(connector.permission_groups, connector.grants, *principals)
