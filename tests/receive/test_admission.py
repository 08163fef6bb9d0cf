"""Connections in all, from one source, and its share of what others leave free (documents 000 and 001)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.receive.builders import LOCAL, REMOTE, connector, policy
from transport.receive.admission import Load, admitted, connect

SEEDS: dict[str, Any] = {
    "max_inbound_connection": 5000,
    "max_inbound_connection_per_source": 100,
    "max_inbound_connection_percentage_per_source": 2,
}


def rule(load: Load, **values: Any) -> str:
    session = connect(policy(connector(**values)), LOCAL, REMOTE, True).session
    outcome = admitted(session, load, 0.0)
    assert outcome.reply is not None
    assert (outcome.reply.code == 421) is bool(outcome.decided_by)
    return outcome.decided_by


@pytest.mark.parametrize(("others", "refused"), [(4999, ""), (5000, "connection_limit"), (5001, "connection_limit")])
def test_connections_in_all(others: int, refused: str) -> None:
    assert rule(Load(others, 0), **SEEDS) == refused


@pytest.mark.parametrize(("mine", "refused"), [(99, ""), (100, "source_limit"), (101, "source_limit")])
def test_connections_of_one_source(mine: int, refused: str) -> None:
    assert rule(Load(mine, mine), **SEEDS) == refused


@pytest.mark.parametrize(("mine", "others", "refused"), [(49, 2500, ""), (50, 2500, "source_share"), (0, 4990, "")])
def test_the_share_of_what_others_leave_free(mine: int, others: int, refused: str) -> None:
    assert rule(Load(mine + others, mine), **SEEDS) == refused


def test_unlimited_means_unlimited() -> None:
    unlimited = {"max_inbound_connection": None, "max_inbound_connection_per_source": None}
    assert rule(Load(10**6, 10**6), **unlimited) == ""
