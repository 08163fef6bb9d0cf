"""Dialogues: text files that an administrator can read, run against the pure core and against a live transport.

On top the configuration in Exchange's words, then what the server (`S:`) and the client (`C:`) say. `…` in an `S:`
line stands for any text. `why: rule` names the rule that must have decided the reply above it. `C\\:` takes escapes and
adds no line end; `C64:` takes escapes and sends base64; `C*30:` says the line 30 times. `(rest)` passes over the other
lines of a reply, `(starttls)` is the handshake, `(starttls as name)` one with a client certificate of that name,
`(wait 2)` so many seconds of silence, `(closed)` the server's end of the connection, `(connect from address)` another
connection. TarpitInterval is 0 here unless a dialogue sets it. `DNS: name TYPE values` is what the only name server
knows; values with blanks stand in quotes.
"""

from __future__ import annotations

import base64
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tests.dns_server import Records
from transport.config import kinds
from transport.config.accepted_domain import AcceptedDomain
from transport.config.connection_filter import ConnectionFilter, IPList, IPListEntry, IPListProvider
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.setting import settings
from transport.config.snapshot import Snapshot
from transport.config.transport_config import TransportConfig

FOLDER = Path(__file__).parent
KINDS: dict[str, type] = {
    "Receive connector": ReceiveConnector,
    "Send connector": SendConnector,
    "Accepted domain": AcceptedDomain,
    "Recipient filter": RecipientFilter,
    "Sender filter": SenderFilter,
    "Connection filter": ConnectionFilter,
    "Transport configuration": TransportConfig,
    "IP Block list entry": IPListEntry,
    "IP Allow list entry": IPListEntry,
    "IP Block list provider": IPListProvider,
    "IP Allow list provider": IPListProvider,
}


@dataclass
class Step:
    """One line of the conversation; `mark` is `S`, `C`, `C\\`, `C64`, `why`, or the first word in brackets. `text` is
    the line's, or the last word in brackets; `times` how often the client says it.
    """

    mark: str
    text: str
    number: int
    times: int = 1


@dataclass
class KnownUser:
    """Somebody in the directory: `User: DOMAIN\\name password addresses groups`, lists with commas, `-` for none."""

    domain: str
    name: str
    password: str
    addresses: list[str]
    groups: list[str]


@dataclass
class Dialogue:
    """A file: the configuration that it asks for and its conversation."""

    path: Path
    snapshot: Snapshot = field(default_factory=Snapshot)
    recipients: list[str] = field(default_factory=list)
    users: list[KnownUser] = field(default_factory=list)
    client: str = "127.0.0.1"
    local: tuple[str, int] = ("127.0.0.1", 25)
    certificate: bool = False
    dns: Records = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)


def read(path: Path) -> Dialogue:
    """The dialogue of a file. Raises ValueError for a line that means nothing."""
    dialogue = Dialogue(path)
    objects: list[tuple[type, dict[str, Any]]] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        step = _step(line, number)
        if step is not None:
            dialogue.steps.append(step)
        elif line.startswith("  "):
            struct, values = objects[-1]
            name, _, text = line.strip().partition(": ")
            known = {setting.name: (attribute, setting) for attribute, setting in settings(struct).items()}
            attribute, setting = known[name]
            values[attribute] = kinds.parse(setting, text.replace(";" if name == "ExtendedRights" else "|", "\n"))
        else:
            _object(dialogue, objects, line)
    dialogue.snapshot = _snapshot(objects)
    return dialogue


def _step(line: str, number: int) -> Step | None:
    if said := re.fullmatch(r"(S|C\\|C64|C|why)(?:\*(\d+))?:(?: (.*))?", line):
        return Step(said[1], said[3] or "", number, int(said[2] or 1))
    done = re.fullmatch(r"\((closed|rest|starttls|wait|connect)(?: (?:as |from )?(\S+))?\)", line)
    return Step(done[1], done[2] or "", number) if done else None


def _object(dialogue: Dialogue, objects: list[tuple[type, dict[str, Any]]], line: str) -> None:
    kind, _, text = line.partition(": ")
    if kind == "Client":
        dialogue.client = text
    elif kind == "Recipients":
        dialogue.recipients = text.split()
    elif kind == "User":
        dialogue.users.append(_user(text))
    elif kind == "DNS":
        name, record, *values = shlex.split(text, posix=False)
        dialogue.dns[name, record] = values
    elif kind == "Certificate":
        dialogue.certificate = True
    elif kind == "Accepted domain":
        objects.append((AcceptedDomain, {"name": text, "domain_name": text}))
    elif kind.startswith("IP "):
        named = "name" if KINDS[kind] is IPListProvider else "ip_range"
        objects.append((KINDS[kind], {"ip_list": IPList(kind.split()[1]), named: text}))
    else:
        objects.append((KINDS[kind], {"name": text} if text else {}))


def _user(text: str) -> KnownUser:
    who, password, *lists = text.split()
    domain, _, name = who.partition("\\")
    addresses, groups = ([] if each == "-" else each.split(",") for each in lists)
    return KnownUser(domain, name, password, addresses, groups)


def _snapshot(objects: list[tuple[type, dict[str, Any]]]) -> Snapshot:
    made: dict[type, list[Any]] = {struct: [] for struct in KINDS.values()}
    for struct, values in objects:
        if struct is AcceptedDomain:
            values.setdefault("default", not made[struct])
        if struct is ReceiveConnector:
            values.setdefault("tarpit_interval", 0)
        made[struct].append(struct(**values))
    return Snapshot(
        receive_connectors=tuple(made[ReceiveConnector]),
        send_connectors=tuple(made[SendConnector]),
        accepted_domains=tuple(made[AcceptedDomain]),
        recipient_filter=(made[RecipientFilter] or [RecipientFilter()])[0],
        sender_filter=(made[SenderFilter] or [SenderFilter()])[0],
        connection_filter=(made[ConnectionFilter] or [ConnectionFilter()])[0],
        ip_list_entries=tuple(made[IPListEntry]),
        ip_list_providers=tuple(made[IPListProvider]),
        transport_config=(made[TransportConfig] or [TransportConfig()])[0],
    )


def on_port(snapshot: Snapshot, port: int) -> Snapshot:
    """The same configuration with every binding's port 25 moved to a port that a test may use."""
    moved = tuple(
        msgspec.structs.replace(
            connector, bindings=tuple(msgspec.structs.replace(binding, port=port) for binding in connector.bindings)
        )
        for connector in snapshot.receive_connectors
    )
    return msgspec.structs.replace(snapshot, receive_connectors=moved)


def matches(expected: str, actual: str) -> bool:
    """True when a reply line is as the file says."""
    return re.fullmatch(".*".join(re.escape(part) for part in expected.split("…")), actual) is not None


def sent(step: Step) -> bytes:
    """The bytes that a client step puts on the wire."""
    if step.mark in ("C\\", "C64"):
        octets = step.text.encode("latin-1").decode("unicode_escape").encode("latin-1")
        return octets * step.times if step.mark == "C\\" else base64.b64encode(octets) + b"\r\n"
    return (step.text.encode() + b"\r\n") * step.times


def all_dialogues() -> list[Path]:
    """Every file, in order of name."""
    return sorted(FOLDER.glob("*.txt"))
