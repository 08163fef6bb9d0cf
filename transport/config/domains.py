"""Under which accepted domain an address falls: one answer for RCPT, delivery and the console.

Source: Exchange reference, sections 4.1 and 4.2: the domain itself, else its nearest parent that stands for subdomains.
"""

from __future__ import annotations

from collections.abc import Iterable

from transport.config.accepted_domain import AcceptedDomain
from transport.config.snapshot import Snapshot


class AcceptedDomains:
    """Accepted domains, prepared: an answer takes one look for each label of a name, however many domains there are.

    `below`: parent → the accepted domain of its subdomains; the parent of `*` is empty.
    """

    def __init__(self, domains: Iterable[AcceptedDomain]) -> None:
        self._exact: dict[str, AcceptedDomain] = {}
        self.below: dict[str, AcceptedDomain] = {}
        for domain in domains:
            if domain.domain_name.startswith("*"):
                self.below[parent(domain)] = domain
            else:
                self._exact[parent(domain)] = domain
                if domain.match_subdomains:
                    self.below.setdefault(parent(domain), domain)

    def find(self, domain: str) -> AcceptedDomain | None:
        """The accepted domain of a domain in A-labels, or None.

        `*.contoso.com` stands for every subdomain but not for contoso.com, and goes before contoso.com with
        MatchSubDomains. No wildcard stands for an address literal.
        """
        name = domain.lower()
        found = self._exact.get(name)
        if found is not None or not self.below or name.startswith("["):
            return found
        while name:
            name = name.partition(".")[2]
            found = self.below.get(name)
            if found is not None:
                return found
        return None


def parent(domain: AcceptedDomain) -> str:
    """The name without its wildcard: `contoso.com` of `*.contoso.com` and of `contoso.com`, empty of `*`."""
    return domain.domain_name.lower().removeprefix("*").removeprefix(".")


def domain_of(address: str) -> str:
    """The domain in lower case; '' for the bare `postmaster` (RFC 5321 §4.5.1)."""
    _, at, domain = address.rpartition("@")
    return domain.lower().rstrip(".") if at else ""


def default_domain(snapshot: Snapshot, server: str) -> str:
    """The domain of the postmaster: the default accepted domain, else the server's own name."""
    for accepted in snapshot.accepted_domains:
        if accepted.default:
            return parent(accepted) or server
    return server
