"""The proof of the replay: what a live transport recorded is answered the same by the configuration under which it was
answered; and by another one just as a live transport answers the same client then.

`PAIRS=10000` draws so many sessions, `SEED=…` those of a former run.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import fields, replace

from console.processes.address import free_port
from tests.dialogues.test_live import LiveTransport
from tests.trace.test_what_if_live import Client, Dns, _asked, transport  # noqa: F401  # a fixture
from tests.trace.what_if_pairs import ANNA, CALM, LISTED, configuration, dialogue, dns
from tests.waiting import wait_for
from transport.config.receive_connector import ReceiveConnector
from transport.config.snapshot import Snapshot
from transport.receive.policy import Policy
from transport.trace.replay import MOMENT, Now, Replayed, differ, replay
from transport.trace.session_record import SessionRecord, Step, read
from transport.trace.what_if import Answer

pytestmark = pytest.mark.django_db
PAIRS = int(os.environ.get("PAIRS", "45"))
OF_ONE_CONFIGURATION, CHANGES = 15, 3
CHANGED = [each.name for each in fields(ReceiveConnector) if each.name not in {"name", "bindings", *CALM}]
OFTEN = (
    "permission_groups",
    "auth_mechanism",
    "remote_ip_ranges",
    "require_tls",
    "max_message_size",
    "max_hop_count",
) * 5


class SameAgain(Client):
    """Says all that a client has said, until it hears a code that the other one did not hear."""

    def plays(self, answer: Answer) -> None:
        waits_for_content = False
        for step in answer.steps:
            self.says(step, waits_for_content)
            replies = sum(line[3:4] != b"-" for line in step.reply.splitlines())
            if int(self.reply()[:3] or b"0") != step.code or replies > 1:
                break
            waits_for_content = step.said == "DATA"
            if step.said == "STARTTLS" and step.code == 220:
                self.secures()
        self.leaves()


def _records(transport: LiveTransport) -> list[SessionRecord]:  # noqa: F811
    paths = sorted(Path(transport.home).glob("session-records/*/*.LOG"))
    return list(read(line for path in paths for line in path.read_bytes().splitlines()))


def _differing(then: SessionRecord, now: SessionRecord) -> tuple[int, Step] | None:
    """The first answer that two sessions of one client do not share."""
    pairs = enumerate(zip(then.steps, now.steps, strict=False))
    return next(((place, b) for place, (a, b) in pairs if differ(a, b)), None)


def _changed(chance: random.Random, snapshot: Snapshot, port: int, used: list[str]) -> tuple[Snapshot, str]:
    """One field of a connector that is used, or one whole part beside them, as another configuration has it."""
    other = configuration(chance, port)
    if chance.random() < 0.25:
        part = chance.choice(("accepted_domains", "sender_filter", "recipient_filter", "connection_filter"))
        return replace(snapshot, **{part: getattr(other, part)}), part
    connector, name = chance.choice(used), chance.choice((*CHANGED, *OFTEN))
    value: Any = getattr(chance.choice(other.receive_connectors), name)
    every = (replace(one, **{name: value}) if one.name == connector else one for one in snapshot.receive_connectors)
    return replace(snapshot, receive_connectors=tuple(every)), f"{name} of {connector}: {value}"


def _without(snapshot: Snapshot, connector: str) -> Snapshot:
    every = (replace(one, enabled=one.enabled and one.name != connector) for one in snapshot.receive_connectors)
    return replace(snapshot, receive_connectors=tuple(every))


class Drawn:
    """A configuration, and clients that come to it."""

    def __init__(self, chance: random.Random, transport: LiveTransport) -> None:  # noqa: F811
        self.transport, self.port, self.dns = transport, free_port(), dns(chance)
        self.snapshot, with_certificate = configuration(chance, self.port), chance.random() < 0.9
        self.certificates = (transport.certificate,) if with_certificate else ()
        asked = [dialogue(chance, self.port) for _ in range(OF_ONE_CONFIGURATION)]
        both = [(each, _asked(self.known(self.snapshot), each, Dns(self.dns))) for each in asked]
        self.played = [each for each in both if not any("NTLM" in s.said or "GSSAPI" in s.said for s in each[1].steps)]
        self.now = Now(with_certificate, frozenset(LISTED).__contains__, {ANNA.name: ANNA}.get)

    def known(self, snapshot: Snapshot) -> Snapshot:
        return replace(snapshot, certificates=self.certificates)

    def live(self, snapshot: Snapshot) -> list[SessionRecord]:
        """What is recorded when they come to it as it is in `snapshot`."""
        before = len(_records(self.transport))
        self.transport.put_in_force(snapshot, self.dns, bool(self.certificates))
        for question, answer in self.played:
            SameAgain(self.transport, question).plays(answer)
        wait_for(lambda: len(_records(self.transport)) == before + len(self.played), "sessions are not recorded")
        return _records(self.transport)[before:]

    def replayed(self, snapshot: Snapshot, record: SessionRecord) -> Replayed:
        return replay(Policy(self.known(snapshot), "gateway.test"), record, self.now)


@pytest.mark.timeout(120 + 2 * PAIRS)
def test_a_replay_differs_where_a_live_transport_would(transport: LiveTransport) -> None:  # noqa: F811
    seed = int(os.environ.get("SEED", random.randrange(10**6)))
    chance, found = random.Random(seed), Counter[str]()
    for _ in range(0, PAIRS, OF_ONE_CONFIGURATION):
        drawn = Drawn(chance, transport)
        then = drawn.live(drawn.snapshot)
        for record in then:
            same = drawn.replayed(drawn.snapshot, record)
            assert (same.difference, same.answers) == (None, len(record.steps)), f"seed {seed}: {record}\n{same}"
        used = [record.connector for record in then if record.connector]
        for number in range(CHANGES):
            other, what = _changed(chance, drawn.snapshot, drawn.port, used)
            if not number:
                other, what = _without(drawn.snapshot, used[0]), f"without {used[0]}"
            for record, really in zip(then, drawn.live(other), strict=True):
                replayed, expected = drawn.replayed(other, record), _differing(record, really)
                words = f"seed {seed}, {what}:\n{record}\n{really}\n{replayed}"
                if replayed.ended:
                    assert expected is None or expected[0] >= replayed.answers, words
                    found[replayed.ended] += 1
                elif (guessed := replayed.difference) is None:
                    assert expected is None, words
                    found["the same"] += 1
                else:
                    assert expected is not None, words
                    assert guessed.place == expected[0], words
                    if guessed.now.code:
                        assert (guessed.now.code, guessed.now.rule) == (expected[1].code, expected[1].rule), words
                    found["otherwise"] += 1
    print(f"seed {seed}: {dict(found)}")
    assert found["otherwise"]
    assert found[MOMENT] < found["the same"]
