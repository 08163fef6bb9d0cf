"""Load balancers that say who the client is: whom we believe, and what comes of their PROXY header.

It is never guessed: an address that is named as a front end of a binding must send the header, and of all others none
is read. Before the header is whole nothing is said.
"""

from __future__ import annotations

from transport.config.endpoint import Binding
from transport.config.permissions import Right
from transport.config.receive_connector import ReceiveConnector
from transport.receive.admission import NOBODY, connect
from transport.receive.greeting import greeting
from transport.receive.outcome import CLOSE, Outcome
from transport.receive.policy import Policy
from transport.receive.session import Session, Via
from transport.smtp.proxy_header import BrokenHeader, Endpoint, Header, NoHeader, read

ITSELF = "load balancer"
"""Whom a front end stands for that speaks for itself."""


def front_end(policy: Policy, local: Endpoint, remote: Endpoint) -> ReceiveConnector | None:
    """The connector that names the peer as a front end where it has connected; None for every other client."""
    if policy.front_ends is None:
        return None
    match = policy.front_ends.find(*local, remote[0])
    return match.connector if match is not None else None


def spoken(
    policy: Policy, local: Endpoint, remote: Endpoint, octets: bytes, now: float, tls_available: bool
) -> tuple[Outcome, bytes] | None:
    """What comes of all that a front end has said so far, and what stands behind its header; None while more of that is
    to come. `now` in Unix seconds.
    """
    try:
        header = read(octets)
    except BrokenHeader as error:
        return broken(policy, local, remote, error), b""
    if header is None:
        return None
    return introduced(policy, local, remote, header, now, tls_available), octets[header.size :]


def introduced(
    policy: Policy, local: Endpoint, remote: Endpoint, header: Header, now: float, tls_available: bool
) -> Outcome:
    """What comes of a front end's header: the connection of its client, as if that had connected itself; `now` in Unix
    seconds.
    """
    if header.source is None or header.local is None or header.source == remote:  # HAProxy's checks by version 1
        return _itself(policy, local, remote, now)
    via = Via(*remote, place=_place(policy, local, remote, header.local))
    return connect(policy, header.local, header.source, tls_available, via)


def arrival(
    policy: Policy, local: Endpoint, client: Endpoint, speaker: Endpoint | None, now: float, tls_available: bool
) -> Outcome:
    """How the session of a client begins that connects itself, or for which a load balancer `speaker` has connected; of
    one that is not believed the header is not read, and the session is its own.
    """
    believed = front_end(policy, local, speaker or client) is not None
    if believed and speaker is None:
        return broken(policy, local, client, NoHeader(""))
    if believed and speaker is not None:
        return introduced(policy, local, speaker, Header(0, client, local), now, tls_available)
    return connect(policy, local, speaker or client, tls_available)


def _place(policy: Policy, local: Endpoint, remote: Endpoint, told: Endpoint) -> Endpoint:
    """Where connectors are looked for: the address that the client has connected to, if a connector names just that
    and believes this front end there; else where the front end has connected to.
    """
    named = policy.connectors.bound(Binding(*told))
    return told if named and front_end(policy, told, remote) is not None else local


def _itself(policy: Policy, local: Endpoint, remote: Endpoint, now: float) -> Outcome:
    """A health check: greeted at once, counted nowhere, nobody is asked about it, and it may hand in nothing."""
    connector = front_end(policy, local, remote) or NOBODY
    via, rights = Via(*remote, place=local, itself=True), frozenset({Right.BYPASS_ANTI_SPAM})
    session = Session(policy, connector, *local, *remote, principal=ITSELF, rights=rights, via=via)
    return Outcome(session, greeting(connector, policy.server, now))


def broken(policy: Policy, local: Endpoint, remote: Endpoint, error: BrokenHeader) -> Outcome:
    """What came is no header, or none that can be read."""
    return _closed(
        policy,
        local,
        remote,
        "proxy_header_missing" if isinstance(error, NoHeader) else "proxy_header_broken",
        str(error),
    )


def late(policy: Policy, local: Endpoint, remote: Endpoint) -> Outcome:
    """It did not come in time, or too many wait for theirs."""
    return _closed(policy, local, remote, "proxy_header_late", "it is not complete")


def _closed(policy: Policy, local: Endpoint, remote: Endpoint, rule: str, words: str = "") -> Outcome:
    """Without a word (PROXY protocol, section 2)."""
    connector = front_end(policy, local, remote) or NOBODY
    session = Session(policy, connector, *local, *remote)
    return Outcome(session, None, CLOSE, rule, words)
