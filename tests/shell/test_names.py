"""What is counted by name, minute by minute: strangers choose names, and fill no more than a minute's share."""

from __future__ import annotations

from collections import Counter
from typing import Any

from transport.config import bounds
from transport.shell.names import KEPT, Names
from transport.shell.report import add_counts

MOST = bounds.COUNTED_NAMES.lines or 0


def test_what_comes_often_is_counted_by_name_however_many_come_once() -> None:
    names = Names()
    for number in range(10 * MOST):
        names.connected("Internet", "192.0.2.1")
        names.connected("Internet", f"2001:db8:0:{number:x}::1")
    names.book(60)
    counts = names.by_minute[60]
    assert counts["connected", "client", "192.0.2.1", "Internet"] == 10 * MOST
    assert len([key for key in counts if key[1] == "client"]) == MOST + 1
    assert counts["connected", "client", "", ""] == 9 * MOST + 1
    assert counts["connected", "connector", "Internet", ""] == 20 * MOST


def test_each_minute_counts_anew_and_few_minutes_wait() -> None:
    names = Names()
    for minute in range(KEPT + 10):
        for number in range(MOST):
            names.accepted("Internet", "192.0.2.1", f"{minute}-{number}@a.example")
        names.book(minute * 60 + 1)
    assert len(names.by_minute) == KEPT
    last = names.by_minute[(KEPT + 9) * 60]
    assert last["accepted", "sender", f"{KEPT + 9}-7@a.example", ""] == 1


def test_a_long_name_counts_by_its_beginning_and_no_octet_keeps_the_report_from_being_written() -> None:
    names = Names()
    names.accepted("Internet", "192.0.2.1", "a" * 5000)
    names.accepted("Internet", "192.0.2.1", "\udcff\0")
    names.accepted("Internet", "192.0.2.1", "?")
    names.book(60)
    told: Any = add_counts(60, names.by_minute[60])
    senders = {name: n for by, name, n in zip(told["by"], told["name"], told["n"], strict=True) if by == "sender"}
    assert senders == {"a" * (bounds.COUNTED_NAMES.octets or 0): 1, "?": 2}


def test_what_was_not_written_waits() -> None:
    names = Names()
    key = ("refused", "rule", "relay_denied", "")
    names.refused("Internet", "192.0.2.1", "relay_denied")
    names.book(60)
    kept = names.by_minute.pop(60)
    names.refused("Internet", "192.0.2.1", "relay_denied")
    names.book(61)
    names.put_back(60, kept)
    assert names.by_minute[60][key] == 2 and isinstance(names.by_minute[60], Counter)
