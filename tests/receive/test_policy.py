"""Who may relay without signing in."""

from __future__ import annotations

import pytest

from tests.receive.builders import connector, policy
from transport.config.permissions import ANONYMOUS, Grant, PermissionGroup, Right
from transport.config.receive_connector import AuthMechanism
from transport.receive.exposure import exposure, exposures

ANY_RECIPIENT = Grant(ANONYMOUS, Right.ACCEPT_ANY_RECIPIENT.value)


@pytest.mark.parametrize(
    ("values", "relays"),
    [
        ({}, False),
        ({"grants": (ANY_RECIPIENT,)}, True),
        ({"grants": (ANY_RECIPIENT, Grant(ANONYMOUS, Right.ACCEPT_ANY_RECIPIENT.value, deny=True))}, False),
        ({"grants": (ANY_RECIPIENT,), "permission_groups": frozenset()}, False),
        ({"permission_groups": frozenset(PermissionGroup)}, False),
        (
            {
                "permission_groups": frozenset({PermissionGroup.ExchangeServers}),
                "auth_mechanism": frozenset({AuthMechanism.ExternalAuthoritative}),
            },
            True,
        ),
    ],
)
def test_who_relays_without_signing_in(values: dict[str, object], relays: bool) -> None:
    assert (exposure(connector(**values)) is not None) is relays  # type: ignore[arg-type]


def test_exposure_counts_enabled_connectors_and_public_ranges() -> None:
    open_relay = connector("Open", grants=(ANY_RECIPIENT,), ranges="10.0.0.0/8 0.0.0.0-255.255.255.255")
    disabled = connector("Off", grants=(ANY_RECIPIENT,), enabled=False)
    (found,) = exposures(policy(open_relay, disabled).snapshot)
    assert [str(remote) for remote in found.public_ranges] == ["0.0.0.0-255.255.255.255"]
