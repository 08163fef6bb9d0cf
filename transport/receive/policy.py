"""One revision, prepared for deciding: built once, shared by all sessions that start under it."""

from __future__ import annotations

from transport.config.accepted_domain import AcceptedDomain, DomainType
from transport.config.permissions import Right, rights
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive import extensions
from transport.receive.auth import mechanisms
from transport.receive.blocked_senders import BlockedSenders
from transport.receive.connection_filter import ConnectionLists
from transport.receive.connector_match import ConnectorIndex


class Policy:
    """A snapshot with its indexes: no look-up grows with the number of connectors, ranges or domains."""

    def __init__(self, snapshot: Snapshot, kerberos: bool = False) -> None:
        """`kerberos`: this transport has keys and library for it."""
        self.snapshot = snapshot
        self.kerberos = kerberos
        self.connectors = ConnectorIndex(snapshot)
        self._exact: dict[str, AcceptedDomain] = {}
        self._parents: dict[str, AcceptedDomain] = {}
        self._rights: dict[tuple[str, str], frozenset[Right]] = {}
        self._keywords: dict[tuple[str, int, bool, bool], tuple[str, ...]] = {}
        every = snapshot.receive_connectors
        self.our_names = {name.lower().encode() for name in (snapshot.server, *(each.fqdn for each in every)) if name}
        self.mail_parameters = {connector.name: extensions.mail_parameters(connector) for connector in every}
        self.rcpt_parameters = {connector.name: extensions.rcpt_parameters(connector) for connector in every}
        recipients = snapshot.recipient_filter
        self.blocked_recipients = frozenset(recipients.blocked_recipients if recipients.block_list_enabled else ())
        self.blocked_senders = BlockedSenders(snapshot.sender_filter)
        self.connection_lists = ConnectionLists(snapshot)
        for domain in snapshot.accepted_domains:
            if domain.domain_name.startswith("*"):
                self._parents[domain.domain_name.removeprefix("*").removeprefix(".")] = domain
            else:
                self._exact[domain.domain_name] = domain
                if domain.match_subdomains:
                    self._parents.setdefault(domain.domain_name, domain)

    def accepted_domain(self, domain: str) -> AcceptedDomain | None:
        """The accepted domain that a recipient's domain (lower case) falls under: itself, else its nearest parent."""
        found = self._exact.get(domain)
        if found is not None or not self._parents or domain.startswith("["):
            return found
        parent = domain
        while "." in parent:
            parent = parent.partition(".")[2]
            if parent in self._parents:
                return self._parents[parent]
        return self._parents.get("")

    def is_authoritative(self, domain: str) -> bool:
        """True when every recipient of the domain is in the directory here."""
        found = self.accepted_domain(domain)
        return found is not None and found.domain_type is DomainType.Authoritative

    @property
    def default_domain(self) -> str:
        """The default accepted domain, the server's name when there is none."""
        for domain in self.snapshot.accepted_domains:
            if domain.default:
                return domain.domain_name
        return self.snapshot.server

    def keywords(self, connector: ReceiveConnector, limit: int, starttls: bool, tls: bool) -> tuple[str, ...]:
        """What the connector offers in its answer to EHLO, worked out once: STARTTLS or not, before or on TLS."""
        key = (connector.name, limit, starttls, tls)
        found = self._keywords.get(key)
        if found is None:
            by = mechanisms(connector, tls, self.kerberos)
            offered = extensions.keywords(connector, limit=limit, starttls=starttls, mechanisms=by)
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
