"""The settings tables hold what every other room relies on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.config.test_document import TABLES
from transport.config.kinds import Setting
from transport.config.setting import settings

ROOT = Path(__file__).resolve().parents[2]
TRANSPORT = ROOT / "transport"
ALL = [(struct, field, setting) for struct in TABLES for field, setting in settings(struct).items()]
NOT_FOR_THE_TRANSPORT = {"alert_recipients", "comment", "refusal_reference_age", "protocol_logging_until", "usage"}
EXCHANGES_SPELLING = {
    "grants": "ExtendedRights",
    "ip_list": "List",
    "match_subdomains": "MatchSubDomains",
    "require_128_bit_encryption": "Require128BitEncryption",
    "max_messages_per_connection": "SmtpMaxMessagesPerConnection",
}


def snake_case(name: str) -> str:
    for shouted in ("EHLO", "HELO", "GSSAPI", "STARTTLS", "TLS", "DNS", "IP"):
        name = name.replace(shouted, shouted.capitalize())
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@pytest.mark.parametrize(("struct", "field", "setting"), ALL, ids=lambda value: value if isinstance(value, str) else "")
def test_a_setting_is_named_as_exchange_names_it_and_explained(struct: type, field: str, setting: Setting) -> None:
    assert EXCHANGES_SPELLING.get(field) == setting.name or snake_case(setting.name) == field
    assert setting.help.endswith(".") and setting.label and setting.source


@pytest.mark.parametrize(
    ("struct", "field", "setting"),
    [each for each in ALL if each[1] not in NOT_FOR_THE_TRANSPORT],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_setting_is_obeyed_somewhere_or_said_not_to_be(struct: type, field: str, setting: Setting) -> None:
    if setting.not_enforced:
        return
    rooms = ("receive", "send", "shell", "deliver", "config")
    paths = [path for room in rooms for path in (TRANSPORT / room).rglob("*.py")]
    sources = [path.read_text() for path in paths if path.name != "receive_connector.py"]
    assert any(re.search(rf"\.{field}\b", source) for source in sources), f"nobody obeys {struct.__name__}.{field}"
