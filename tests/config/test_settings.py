"""The settings tables hold what every other room relies on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from transport.config.accepted_domain import AcceptedDomain
from transport.config.connection_filter import ConnectionFilter, IPListEntry, IPListProvider
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.kinds import Setting
from transport.config.receive_connector import ReceiveConnector
from transport.config.send_connector import SendConnector
from transport.config.setting import settings
from transport.config.transport_config import TransportConfig
from transport.config.transport_limits import TransportLimits

ROOT = Path(__file__).resolve().parents[2]
TRANSPORT = ROOT / "transport"
FILTERS = [RecipientFilter, SenderFilter, ConnectionFilter, IPListEntry, IPListProvider]
TRANSPORT_SETTINGS = [TransportLimits, TransportConfig]
TABLES = [ReceiveConnector, SendConnector, AcceptedDomain, *FILTERS, *TRANSPORT_SETTINGS]
ALL = [(struct, field, setting) for struct in TABLES for field, setting in settings(struct).items()]
NOT_FOR_THE_TRANSPORT = {"comment", "usage"}
EXCHANGES_SPELLING = {
    "grants": "ExtendedRights",
    "ip_list": "List",
    "match_subdomains": "MatchSubDomains",
    "require_128_bit_encryption": "Require128BitEncryption",
    "max_messages_per_connection": "SmtpMaxMessagesPerConnection",
}


def snake_case(name: str) -> str:
    for shouted in ("EHLO", "GSSAPI", "TLS", "DNS", "IP"):
        name = name.replace(shouted, shouted.capitalize())
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@pytest.mark.parametrize(("struct", "field", "setting"), ALL, ids=lambda value: value if isinstance(value, str) else "")
def test_a_setting_is_named_as_exchange_names_it_and_explained(struct: type, field: str, setting: Setting) -> None:
    assert EXCHANGES_SPELLING.get(field) == setting.name or snake_case(setting.name) == field
    assert setting.help.endswith(".") and setting.label and setting.source


@pytest.mark.parametrize(
    "field",
    [
        field
        for struct in (ReceiveConnector, *FILTERS)
        for field in settings(struct)
        if field not in NOT_FOR_THE_TRANSPORT
    ],
)
def test_a_setting_is_obeyed_somewhere_or_said_not_to_be(field: str) -> None:
    if field in settings(ReceiveConnector) and settings(ReceiveConnector)[field].not_enforced:
        return
    rooms = [TRANSPORT / "receive", TRANSPORT / "shell", TRANSPORT / "config"]
    sources = [path.read_text() for room in rooms for path in room.rglob("*.py") if path.name != "receive_connector.py"]
    assert any(re.search(rf"\.{field}\b", source) for source in sources), f"nobody obeys {field}"


@pytest.mark.parametrize("field", [field for struct in TRANSPORT_SETTINGS for field in settings(struct)])
def test_a_transport_setting_is_obeyed_somewhere(field: str) -> None:
    rooms = ("receive", "send", "shell", "deliver")
    sources = [path.read_text() for room in rooms for path in (TRANSPORT / room).rglob("*.py")]
    assert any(re.search(rf"\.{field}\b", source) for source in sources), f"nobody obeys {field}"
