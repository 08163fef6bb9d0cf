"""The tarpit: each 5.x.x reply to an anonymous client, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.receive.builders import connected, connector, policy, said
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import AuthMechanism
from transport.receive import verbs
from transport.receive.outcome import Tarpit

SECURED: dict[str, Any] = {
    "auth_mechanism": frozenset({AuthMechanism.ExternalAuthoritative}),
    "permission_groups": frozenset({PermissionGroup.ExchangeServers}),
}


@pytest.mark.parametrize(
    ("line", "values", "seconds"),
    [
        ("RCPT TO:<a@fabrikam.example>", {"tarpit_interval": 5}, 5),
        ("RCPT TO:<a@fabrikam.example>", {"tarpit_interval": 0}, None),
        ("FROB", {"tarpit_interval": 7}, 7),
        ("RCPT TO:<postmaster>", {"tarpit_interval": 5}, None),
        ("FROB", {"tarpit_interval": 5, **SECURED}, None),
    ],
)
def test_which_replies_wait(line: str, values: dict[str, Any], seconds: int | None) -> None:
    session = said(connected(policy(connector(**values))), "HELO x", "MAIL FROM:<>")
    actions = verbs.respond(session, line.encode(), 0.0).actions
    held = [action.seconds for action in actions if isinstance(action, Tarpit)]
    assert held == ([] if seconds is None else [seconds])
