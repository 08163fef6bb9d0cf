"""XCLIENT: a mail server that is believed says for which client it speaks (Postfix, XCLIENT_README).

What it says holds as if that client had connected itself, to the same address and port: the connector is chosen anew,
and everything that was said before is forgotten; TLS stays. LOGIN is not known here: nobody signs in by hearsay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from transport.config import bounds
from transport.config.endpoint import address_of
from transport.config.receive_connector import AuthMechanism, ReceiveConnector
from transport.receive.admission import principal
from transport.receive.facts import NO_FACTS, ClientName, Facts, NameOf
from transport.receive.outcome import CountAnew, Outcome
from transport.receive.refusals import close_at_once, refuse
from transport.receive.session import Session, Stage, Via
from transport.smtp import replies

MOST = bounds.XCLIENT.octets or 0
_OVERHEAD = len("XCLIENT \r\n")
_ESCAPED = re.compile(r"\+([0-9A-F]{2})")
_HOST_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9])?")
_HELLO = re.compile(r"[A-Za-z0-9_.:\[\]-]{1,255}")
NOT_KNOWN = frozenset({"[UNAVAILABLE]", "[TEMPUNAVAIL]"})


def _address(text: str) -> str:
    tagged = text[:5].upper() == "IPV6:"
    bare = text[5:] if tagged else text
    if "%" in bare or tagged != (":" in bare):
        raise ValueError(text)
    return str(address_of(bare))


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 65536):
        raise ValueError(text)
    return int(text)


def _fitting(form: re.Pattern[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if form.fullmatch(text) is None:
            raise ValueError(text)
        return text

    return read


ATTRIBUTES: dict[str, Callable[[str], Any]] = {
    "NAME": _fitting(_HOST_NAME),
    "ADDR": _address,
    "PORT": _port,
    "PROTO": _fitting(re.compile("E?SMTP", re.IGNORECASE)),
    "HELO": _fitting(_HELLO),
    "DESTADDR": _address,
    "DESTPORT": _port,
}
KEYWORD = " ".join(("XCLIENT", *ATTRIBUTES))
"""In the answer to EHLO, to those alone who are believed."""


def line(client: str) -> str:
    """The command by which a mail server speaks for a client."""
    return f"XCLIENT ADDR={'IPV6:' * (':' in client)}{client}"


def is_believed(session: Session) -> bool:
    """Whether this client may say that it is another one: only who has connected may, not one for whom it speaks."""
    speaker = session.via.xclient if session.via is not None else None
    if session.is_health_check or (speaker is not None and speaker[0] != session.remote_ip):
        return False
    return session.policy.speaks_for_clients(session.connector, session.remote_ip)


def xclient(session: Session, argument: str, now: float) -> Outcome:
    """Begins the session of the client that is named."""
    if not session.connector.xclient_from:
        return refuse(session, "unrecognized_command")
    if not is_believed(session):
        return refuse(session, "xclient_not_allowed")
    if session.stage >= Stage.MAIL:
        return refuse(session, "out_of_order", answer=replies.IN_TRANSACTION)
    if len(argument) + _OVERHEAD > MOST:
        return refuse(session, "line_too_long")
    try:
        told = read(argument)
    except ValueError:
        return refuse(session, "invalid_arguments")
    return _anew(session, told)


def read(argument: str) -> dict[str, Any]:
    """Attribute → its value, None for one that the speaker does not know. Raises ValueError."""
    told: dict[str, Any] = {}
    for word in argument.split():
        name, equals, text = word.partition("=")
        name = name.upper()
        if not equals or name not in ATTRIBUTES or name in told:
            raise ValueError(word)
        value = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        if not value.isascii() or not value.isprintable():
            raise ValueError(word)
        told[name] = None if value.upper() in NOT_KNOWN else ATTRIBUTES[name](value)
    if not told:
        raise ValueError(argument)
    return told


def _anew(session: Session, told: dict[str, Any]) -> Outcome:
    """Of attributes that are not named, or not known, stays what was known before; but where nobody knows the client's
    address, it must not be taken for the mail server itself.
    """
    if told.get("ADDR", "") is None:
        return close_at_once(session, "no_connector")
    here = session.local_ip, session.local_port
    speaker = session.remote_ip, session.remote_port
    via = session.via or Via(*speaker, place=here)
    ip = told.get("ADDR") or session.remote_ip
    match = session.policy.connectors.find(*via.place, ip)
    if match is None:
        return close_at_once(session, "no_connector")
    connector = match.connector
    who = principal(connector)
    found = Session(
        session.policy,
        connector,
        told.get("DESTADDR") or session.local_ip,
        told.get("DESTPORT") or session.local_port,
        ip,
        told["PORT"] if told.get("PORT") is not None else session.remote_port,
        tls_available=_may_be_on_tls(session, connector),
        principal=who,
        rights=session.policy.rights(connector, who),
        tls=session.tls,
        channel=session.channel,
        facts=_name(session, ip, told),
        via=replace(via, helo=told.get("HELO") or via.helo, xclient=via.xclient or speaker),
    )
    return Outcome(found, None, (CountAnew(session.connector.name, session.source),), matched=match.remote.text)


def _may_be_on_tls(session: Session, connector: ReceiveConnector) -> bool:
    """Whether the connector offers TLS; where the one before offers none, nobody knows yet that it is not available."""
    asked, offered = (AuthMechanism.Tls in each.auth_mechanism for each in (session.connector, connector))
    return offered and (session.tls_available or not asked)


def _name(session: Session, ip: str, told: dict[str, Any]) -> Facts:
    """The client's host name, which its server has looked up; where that could not, there is none."""
    if "NAME" in told:
        name = told["NAME"]
        return Facts({NameOf(ip): ClientName(name, True) if name else ClientName()})
    return session.facts if ip == session.remote_ip else NO_FACTS
