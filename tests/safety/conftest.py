"""A gateway as it stands on the Internet: anonymous clients, a few accepted domains, a certificate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.receive.builders import domain
from tests.shell.certificates import SECRET, certificate
from tests.shell.running_transport import RunningTransport
from transport.config.snapshot import Snapshot
from transport.shell.journal.segment import content

DOMAINS = (
    domain("contoso.com", default=True),
    domain("xn--bcher-kva.example"),
    domain("branch.example", match_subdomains=True),
    domain("*.wild.example"),
)


class Gateway(RunningTransport):
    """Counts what it has taken with `taken`; every recipient of the accepted domains exists."""

    def snapshot(self, *connectors: Any, **values: Any) -> Snapshot:
        return super().snapshot(*connectors, accepted_domains=DOMAINS, **values)

    def taken(self) -> list[tuple[str, Sequence[str], bytes]]:
        """(sender, recipients, content) of every message so far."""
        directory = self.home / "journal" / "node-1"
        return [
            (record.envelope.sender, record.envelope.recipients, b"".join(content(record, directory)))
            for record in self.records()
        ]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    running = Gateway()
    running.variables["GATEPOST_SECRET_KEY"] = SECRET.decode()
    running.publish(running.connector(max_protocol_errors=None), certificates=(certificate(days=90),))
    running.start()
    yield running
    running.stop()
    assert "Traceback" not in running.log
    running.remove()
