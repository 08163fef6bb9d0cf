"""The exports of a lab Exchange server in the formats that PowerShell writes."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from console.moving_in.objects import Item
from console.moving_in.reading import read
from console.moving_in.report import Known, Translated
from console.moving_in.translation import translate

FIXTURES = Path(__file__).parents[2] / "fixtures"
RECEIVE, SEND, DOMAINS = "receive-connectors.clixml", "send-connectors.clixml", "accepted-domains.clixml"


def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def items(name: str) -> list[Item]:
    return read(fixture(name))[0]


def translated(content: bytes | str, known: Known | None = None) -> list[Translated]:
    return translate(read(content.encode() if isinstance(content, str) else content)[0], known or Known())


def structs(found: Iterable[Translated]) -> list[Any]:
    return [each.struct for each in found]


def as_json(name: str) -> str:
    """Every value as its text, as over a remote session."""
    return json.dumps([each.properties for each in items(name)], indent=2)


def as_csv(name: str, delimiter: str = ",") -> str:
    """With #TYPE in front, as Windows PowerShell does; lists as their members, which `Select-Object` can give."""
    every = items(name)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(every[0].properties), delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    for each in every:
        writer.writerow({key: _shown(value) for key, value in each.properties.items()})
    return "#TYPE Microsoft.Exchange.Data.Directory.Whatever\r\n" + out.getvalue()


def as_list(name: str, width: int = 80) -> str:
    """`| fl` in a window of that width."""
    blocks = []
    for each in items(name):
        longest = max(map(len, each.properties))
        lines = []
        for key, value in each.properties.items():
            lead = f"{key.ljust(longest)} : "
            room = max(width - len(lead), 10)
            first, *more = textwrap.wrap(_shown(value), room) or [""]
            lines += [lead + first, *(" " * len(lead) + line for line in more)]
        blocks.append("\n".join(lines))
    return "\n\n\n" + "\n\n".join(blocks) + "\n\n\n"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "{" + ", ".join(map(str, value)) + "}"
    return "" if value is None else str(value)
