"""Every refusal: each place that can give one is provoked, each declared one is given; what the tarpit holds.

Dialogues provoke most of them; what only happens to the shell (limits, time, disk, directory) is scripted here, and
`tests/shell/test_refusals.py` provokes it over a socket.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tests.dialogues.dialogue import all_dialogues, read
from tests.dialogues.test_core import Core, play
from tests.receive.builders import LOCAL, REMOTE, connected, connector, policy, said
from tests.receive.reply_sites import CATALOGUE, Answer, Recorder, Site, Trace, sites
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import AuthMechanism
from transport.receive import auth, data, front_end, greeting, hello, pick_up, rcpt, verbs
from transport.receive.admission import Load, admitted, connect, swapped
from transport.receive.outcome import LookUpRecipient, Outcome, Tarpit
from transport.receive.rules import REFUSALS, RULES
from transport.receive.session import Session, Stage, User
from transport.smtp.path import Path

FOLDER = "transport/receive"
SECURED: dict[str, Any] = {
    "auth_mechanism": frozenset({AuthMechanism.ExternalAuthoritative}),
    "permission_groups": frozenset({PermissionGroup.ExchangeServers}),
}
SIGN_IN: dict[str, Any] = {"auth_mechanism": frozenset({AuthMechanism.BasicAuth})}


def arriving(load: Load, **limits: int) -> Outcome:
    session = connect(policy(connector(**limits)), LOCAL, REMOTE, True).session
    return admitted(session, load, 0.0)


def in_exchange() -> Session:
    return said(connected(policy(connector(**SIGN_IN))), "EHLO x", "AUTH LOGIN")


def signing_in() -> Session:
    return said(connected(policy(connector(**SIGN_IN))), "EHLO x")


def owner() -> Session:
    return msgspec.structs.replace(said(connected(), "EHLO x"), user=User("CONTOSO\\branch"))


def not_in_the_directory() -> Outcome:
    asked = LookUpRecipient(Path("anna", "contoso.com"))
    return rcpt.looked_up(said(connected(), "HELO x", "MAIL FROM:<>"), asked, None)


def spoken_early() -> Outcome:
    outcome = verbs.spoke_early(connected(), b"HELO x\r\n")
    assert outcome is not None
    return outcome


SCRIPTS: dict[str, Callable[[], Outcome]] = {
    "the connector is full": lambda: arriving(Load(2, 0), max_inbound_connection=2),
    "the source has enough": lambda: arriving(Load(2, 2), max_inbound_connection_per_source=2),
    "the source has its share": lambda: arriving(
        Load(90, 5), max_inbound_connection=100, max_inbound_connection_percentage_per_source=5
    ),
    "a connection that we opened, and no connector": lambda: swapped(policy(connector()), "Gone", LOCAL, REMOTE, ""),
    "a client talks before it is greeted": spoken_early,
    "a load balancer that says nothing": lambda: front_end.late(policy(connector()), LOCAL, REMOTE),
    "a client begins with TLS": lambda: verbs.tls_at_once(connected()),
    "a browser": lambda: verbs.respond(connected(), b"GET / HTTP/1.1", 0.0),
    "the disk is nearly full": lambda: verbs.respond(said(connected(), "HELO x"), b"MAIL FROM:<>", 0.0, True),
    "the disk failed": lambda: data.not_stored(connected()),
    "the directory was never loaded": not_in_the_directory,
    "a challenge": lambda: auth.challenged(signing_in(), "NTLM", b"NTLMSSP"),
    "a response without end": lambda: verbs.line_too_long(in_exchange()),
    "guessing": lambda: auth.checked(signing_in(), auth.TOO_OFTEN),
    "a sign-in from another TLS connection": lambda: auth.checked(signing_in(), auth.NOT_BOUND),
    "a ticket that has run out": lambda: auth.checked(signing_in(), auth.NO_TICKET),
    "the directory of users is away": lambda: auth.checked(signing_in(), auth.NOT_AVAILABLE),
    "mail was asked for and leaves": lambda: pick_up.released(owner(), 3),
    "mail leaves over the client's connection": lambda: pick_up.turned(owner(), ("branch.test",)),
    "the queue cannot be asked for mail of a login": lambda: pick_up.turned(owner(), None),
    "mail was asked for too often": lambda: pick_up.released(owner(), pick_up.TOO_OFTEN),
    "the queue cannot be asked for mail": lambda: pick_up.released(owner(), pick_up.AWAY),
    "the transport goes down": lambda: verbs.stopping(connected()),
    "an administrator ends it": lambda: verbs.ended(connected()),
    "a fault of our own": lambda: verbs.failed(connected()),
}


@functools.cache
def answers() -> list[Answer]:
    """Everything that the core says in all dialogues and scripts."""
    for remembered in (greeting._reply, hello._reply):  # else what an earlier test has heard is not said again
        remembered.cache_clear()
    found: list[Answer] = []
    for path in all_dialogues():
        with Trace(FOLDER) as trace:
            recorder = Recorder(trace)
            play(Recorded(recorder, path))
        found += recorder.answers
    for script in SCRIPTS.values():
        with Trace(FOLDER) as trace:
            recorder = Recorder(trace)
            recorder.took(script())
        found += recorder.answers
    return found


class Recorded(Core):
    def __init__(self, recorder: Recorder, path: Any) -> None:
        self.recorder = recorder
        super().__init__(read(path))

    def heard(self, outcome: Outcome) -> None:
        self.recorder.took(outcome)
        super().heard(outcome)


@pytest.mark.parametrize("site", list(sites(FOLDER)), ids=str)
def test_every_place_that_gives_a_reply_or_a_rule_is_reached(site: Site) -> None:
    assert any(answer.reaches(site) for answer in answers()), f"write a dialogue or a script that provokes {site}"


def test_the_rules_declare_exactly_the_replies_that_they_give() -> None:
    given = {
        (answer.rule, name)
        for answer in answers()
        for name, reply in CATALOGUE.items()
        if answer.rule in REFUSALS and answer.reply.wire.endswith(reply.wire)
    }
    names = {reply: name for name, reply in CATALOGUE.items()}
    declared = {(rule, names[reply]) for rule in REFUSALS for reply in REFUSALS[rule].replies}
    assert given == declared


def test_every_reply_of_the_catalogue_is_given() -> None:
    said = {name for name, reply in CATALOGUE.items() for each in answers() if each.reply.wire.endswith(reply.wire)}
    assert said == CATALOGUE.keys()


def test_every_rule_decides_something_and_every_refusal_names_its_rule() -> None:
    assert {answer.rule for answer in answers()} - {""} == RULES.keys()
    assert [answer.reply.text for answer in answers() if answer.reply.code >= 400 and answer.rule not in REFUSALS] == []


def test_words_of_ones_own_are_given_where_the_rule_says_that_they_may_be() -> None:
    known = {reply.wire for reply in CATALOGUE.values()}
    own = {each.rule for each in answers() if each.reply.code >= 400 and not any(map(each.reply.wire.endswith, known))}
    assert own == {name for name, rule in REFUSALS.items() if rule.text_from[0]}


STAGES = {
    Stage.CONNECTED: (),
    Stage.GREETED: ("EHLO x",),
    Stage.MAIL: ("EHLO x", "MAIL FROM:<>"),
    Stage.RCPT: ("EHLO x", "MAIL FROM:<>", "RCPT TO:<postmaster>"),
}


@pytest.mark.parametrize(
    ("name", "stage"), [(name, stage) for name, verb in verbs.VERBS.items() for stage in verb.too_early]
)
def test_a_verb_that_comes_too_early_is_told_what_it_needs(name: str, stage: Stage) -> None:
    outcome = verbs.respond(said(connected(), *STAGES[stage]), name.encode(), 0.0)
    assert outcome.reply == verbs.VERBS[name].too_early[stage]
    assert outcome.decided_by == "out_of_order"


def test_the_search_for_places_sees_what_is_written(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.receive.reply_sites.ROOT", tmp_path)
    (tmp_path / "x.py").write_text(
        "TABLE = {1: replies.OK}\n"
        "async def f(a):\n"
        "    if a == replies.HELP:\n"
        "        return refuse(\n"
        '            a, "relay_denied", answer=replies.USER_UNKNOWN if a else replies.OK\n'
        "        )\n"
    )
    found = sorted((site.name, site.line, sorted(site.lines)) for site in sites("."))
    assert found == [
        ("HELP", 3, [3]), ("OK", 1, []), ("OK", 5, [4, 5, 6]), ("USER_UNKNOWN", 5, [4, 5, 6]),
        ("relay_denied", 5, [4, 5, 6]),
    ]  # fmt: skip


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
