"""Questions that a session puts to the world, and their answers: what DNS says of a client, so far.

A verb asks with `outcome.asking`, waits with `outcome.waiting` where it cannot go on, and finds in `Session.facts` what
has come. A kind of question is a class here; `transport.shell.clients.dns_lookups` finds its answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from transport.config import bounds

MOST = bounds.FACTS.lines or 0
Answer = TypeVar("Answer")


class QuestionOf(msgspec.Struct, Generic[Answer], frozen=True):
    """What a question is about, so that asking the same again is the same question."""

    @property
    def silence(self) -> Answer:
        """The answer when none has come in time."""
        raise NotImplementedError


Listings = dict[str, tuple[str, ...]]
"""Lookup domain → the addresses that it answered, none when the client is not listed or DNS did not answer."""


class ListsOf(QuestionOf[Listings], frozen=True):
    """Which of the lists hold the address (RFC 5782)."""

    address: str
    domains: tuple[str, ...]

    @property
    def silence(self) -> Listings:
        return {}


class ClientName(msgspec.Struct, frozen=True):
    """A client's PTR name, empty when there is none; `confirmed` when that name has the client's address."""

    host_name: str = ""
    confirmed: bool = False


class NameOf(QuestionOf[ClientName], frozen=True):
    """The host name of the address (document 002)."""

    address: str

    @property
    def silence(self) -> ClientName:
        return ClientName()


Question = ListsOf | NameOf


class Facts(msgspec.Struct, frozen=True):
    """Question → answer, in the order of asking; None as long as there is none."""

    answers: dict[Question, Any] = {}

    def of(self, question: QuestionOf[Answer]) -> Answer | None:
        """The answer; None when it has not come, or nobody asked."""
        found: Answer | None = self.answers.get(question)  # type: ignore[call-overload]
        return found

    def is_open(self, question: Question) -> bool:
        """Whether it was asked and is not answered yet."""
        return question in self.answers and self.answers[question] is None

    @property
    def open(self) -> list[Question]:
        """What is not answered yet."""
        return [question for question, answer in self.answers.items() if answer is None]

    def asking(self, questions: Iterable[Question]) -> Facts:
        """With further questions; beyond the bound the oldest are forgotten."""
        answers = self.answers | dict.fromkeys(questions)
        return Facts(dict(list(answers.items())[-MOST:]))

    def answered(self, answers: Mapping[Question, Any]) -> Facts:
        """With the answers to those that are open. None is no answer."""
        news = {question: answers[question] for question in self.open if answers.get(question) is not None}
        return Facts(self.answers | news) if news else self


NO_FACTS = Facts()
