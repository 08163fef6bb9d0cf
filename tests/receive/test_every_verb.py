"""Every verb in every stage, every answer from outside, every setting: an outcome that holds, never an exception."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import lines, variants
from tests.fuzz.core import Client
from transport.config.receive_connector import ReceiveConnector
from transport.receive import verbs
from transport.receive.policy import Policy
from transport.receive.session import Stage

connectors = st.builds(
    ReceiveConnector,
    name=st.just("Drawn"),
    **{field: st.sampled_from(options) for field, options in variants.CHOICES[ReceiveConnector].items()}
    | {field: st.just(value) for field, value in variants.FIXED.items()},
)
chances = st.randoms(use_true_random=False)


@given(connectors, chances)
def test_conversations_under_every_setting(connector: ReceiveConnector, chance: random.Random) -> None:
    Client(Policy(variants.snapshot(chance, connector)), chance).talk(12)


@given(chances)
def test_conversations_that_get_somewhere(chance: random.Random) -> None:
    client = Client(Policy(variants.snapshot(chance, variants.connector(chance, calm=True))), chance)
    client.talk(12)


STEPS = {
    Stage.CONNECTED: [],
    Stage.GREETED: [b"EHLO client.test"],
    Stage.MAIL: [b"EHLO client.test", b"MAIL FROM:<f@x.example>"],
    Stage.RCPT: [b"EHLO client.test", b"MAIL FROM:<f@x.example>", b"RCPT TO:<t@branch.example>"],
}


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("verb", sorted(verbs.VERBS))
@settings(max_examples=15)
@given(chances)
def test_every_verb_in_every_stage(verb: str, stage: Stage, chance: random.Random) -> None:
    client = Client(Policy(variants.snapshot(chance, variants.connector(chance, calm=True))), chance)
    for line in STEPS[stage]:
        client.hear(line)
    client.hear(verb.encode() + lines.argument(chance, verb).encode("utf-8", "replace").replace(b"\n", b""))


@pytest.mark.parametrize("stage", Stage)
@given(st.lists(st.binary(max_size=100), max_size=3), chances)
def test_any_octets_in_every_stage(stage: Stage, said: list[bytes], chance: random.Random) -> None:
    client = Client(Policy(variants.snapshot(chance, ReceiveConnector(name="Default", **variants.FIXED))), chance)
    for line in (*STEPS[stage], *said):
        client.hear(line)
