from collections.abc import Iterator

import pytest

from tests.shell.running_transport import RunningTransport


@pytest.fixture
def transport() -> Iterator[RunningTransport]:
    """Not started yet, with nothing published."""
    running = RunningTransport()
    yield running
    running.remove()


@pytest.fixture
def serving(transport: RunningTransport) -> RunningTransport:
    """One connector for everybody, mail for gatepost.test, every recipient exists."""
    transport.publish()
    transport.start()
    return transport
