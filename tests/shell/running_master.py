"""Several transports on the sockets of one master, as `python -m transport` starts them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.shell.running_transport import RunningTransport


class RunningMaster(RunningTransport):
    """`publish` is for all of them."""

    command = ("-m", "transport")

    def __init__(self, of: int = 2) -> None:
        super().__init__(name="mx")
        self.variables["GATEPOST_TRANSPORTS"] = str(of)
        self.names = ["mx"] if of == 1 else [f"mx-{number}" for number in range(1, of + 1)]

    def publish(self, *connectors: Any, **values: Any) -> None:
        for name in self.names:
            self.name = name
            super().publish(*connectors, **values)

    def serving(self) -> list[str]:
        """The names of those that take clients."""
        return [
            name for name, serves in json.loads(self.ask("/healthz")[1] or "{}").get("transports", {}).items() if serves
        ]

    def pids(self) -> list[int]:
        """Of the transports, the oldest first."""
        assert self.process is not None
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def accepted(self) -> list[str]:
        """The Subject of every message that stands in a journal, as often as it stands there."""
        found = []
        for name in self.names:
            self.name = name
            found += [record.envelope.subject for record in self.records()]
        return found
