"""Questions of a session: what is asked once, what is waited for, how much is remembered."""

from __future__ import annotations

import msgspec

from tests.receive.builders import connected
from transport.config import bounds
from transport.receive.facts import NO_FACTS, ClientName, ListsOf, NameOf, silence
from transport.receive.outcome import Ask, Await, Outcome, asking, waiting
from transport.receive.session import answered
from transport.smtp import replies

LISTS, NAME = ListsOf("192.0.2.7", ("bl.test",)), NameOf("192.0.2.7")


def test_a_question_is_asked_once_and_others_beside_it() -> None:
    first = asking(Outcome(connected(), replies.OK), LISTS)
    assert first.actions == (Ask(LISTS),) and first.reply == replies.OK
    second = asking(Outcome(first.session, replies.OK), LISTS, NAME)
    assert second.actions == (Ask(NAME),)
    assert second.session.facts.open == [LISTS, NAME]


def test_who_waits_asks_what_nobody_asked_yet() -> None:
    outcome = waiting(connected(), NAME)
    assert outcome.reply is None and outcome.actions == (Ask(NAME), Await())
    assert waiting(outcome.session, NAME).actions == (Await(),)


def test_an_answer_counts_once_and_only_where_it_was_asked_for() -> None:
    session = waiting(connected(), LISTS).session
    assert answered(session, {NAME: ClientName("x"), LISTS: None}) is session
    told = answered(session, {LISTS: {"bl.test": ("127.0.0.2",)}})
    assert told.facts.of(LISTS) == {"bl.test": ("127.0.0.2",)} and not told.has_open_questions
    assert answered(told, {LISTS: {}}) is told


def test_the_oldest_questions_are_forgotten() -> None:
    session, most = connected(), bounds.FACTS.lines or 0
    assert session.facts is NO_FACTS
    questions = [NameOf(f"192.0.2.{number}") for number in range(most + 1)]
    for question in questions:
        session = asking(Outcome(session, replies.OK), question).session
    assert session.facts.open == questions[1:]
    assert answered(session, {questions[0]: ClientName()}) is session
    assert waiting(session, questions[0]).actions == (Ask(questions[0]), Await())


def test_silence_is_an_answer() -> None:
    session = answered(waiting(connected(), LISTS, NAME).session, {each: silence(each) for each in (LISTS, NAME)})
    assert session.facts.of(LISTS) == {"bl.test": ()} and session.facts.of(NAME) == ClientName()
    assert msgspec.structs.replace(session, facts=NO_FACTS).facts.of(NAME) is None
