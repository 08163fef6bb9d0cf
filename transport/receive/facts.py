"""Questions that a session puts to the world, and their answers: so far what DNS says of a client.

A verb asks with `outcome.asking`, waits with `outcome.waiting` where it cannot go on, and finds in `Session.facts` what
has come. A kind of question is a class here: what it is about, and which records of DNS lead to its answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from transport.config import bounds
from transport.config.endpoint import address_of
from transport.receive.dns import list_name

MOST = bounds.FACTS.lines or 0
_HOST_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
Answer = TypeVar("Answer")


class Record(NamedTuple):
    """What DNS is asked: the records of a name (without its last dot) and of a kind; `provider` is the lookup domain of
    the list that is asked, if one is.
    """

    name: str
    kind: str
    provider: str = ""


Texts = tuple[str, ...]
"""The records that DNS has, as texts; none also when it does not answer in time."""
Finding = Generator[list[Record], list[Texts], Answer]
"""Yields what it must know next, is sent the texts of each, and returns the answer."""


class Question(msgspec.Struct, Generic[Answer], frozen=True):
    """What it is about, so that asking the same again is the same question."""

    address: str

    def finding(self) -> Finding[Answer]:
        """The way to the answer."""
        raise NotImplementedError


Listings = dict[str, Texts]
"""Lookup domain → the addresses that it answered, none when the client is not listed."""


class ListsOf(Question[Listings], frozen=True):
    """Which of the lists hold the address (RFC 5782)."""

    domains: tuple[str, ...]

    def finding(self) -> Finding[Listings]:
        found = yield [Record(list_name(self.address, domain), "A", domain) for domain in self.domains]
        return dict(zip(self.domains, found, strict=True))


class ClientName(msgspec.Struct, frozen=True):
    """A client's PTR name, empty when there is none; `confirmed` when that name has the client's address."""

    host_name: str = ""
    confirmed: bool = False


class NameOf(Question[ClientName], frozen=True):
    """The host name of the address (document 002)."""

    def finding(self) -> Finding[ClientName]:
        client = address_of(self.address)
        (pointers,) = yield [Record(client.reverse_pointer, "PTR")]
        names = (text.rstrip(".") for text in pointers)
        name = next((text for text in names if len(text) <= 253 and _HOST_NAME.fullmatch(text)), "")
        if not name:
            return ClientName()
        (addresses,) = yield [Record(name, "A" if client.version == 4 else "AAAA")]
        return ClientName(name, str(client) in addresses)


def found(question: Question[Answer], records: Callable[[Record], Texts]) -> Answer:
    """The answer, where all records are known at once."""
    finding = question.finding()
    try:
        wanted = next(finding)
        while True:
            wanted = finding.send([records(each) for each in wanted])
    except StopIteration as over:
        answer: Answer = over.value
        return answer


def silence(question: Question[Answer]) -> Answer:
    """The answer when DNS says nothing."""
    return found(question, lambda record: ())


class Facts(msgspec.Struct, frozen=True):
    """Question → answer, in the order of asking; None as long as there is none."""

    answers: dict[Question[Any], Any] = {}

    def of(self, question: Question[Answer]) -> Answer | None:
        """The answer; None when it has not come, or nobody asked."""
        answer: Answer | None = self.answers.get(question)
        return answer

    def is_open(self, question: Question[Any]) -> bool:
        """Whether it was asked and is not answered yet."""
        return question in self.answers and self.answers[question] is None

    @property
    def open(self) -> list[Question[Any]]:
        """What is not answered yet."""
        return [question for question, answer in self.answers.items() if answer is None]

    def asking(self, questions: Iterable[Question[Any]]) -> Facts:
        """With further questions; beyond the bound the oldest are forgotten."""
        answers = self.answers | dict.fromkeys(questions)
        return Facts(dict(list(answers.items())[-MOST:]))

    def answered(self, answers: Mapping[Question[Any], Any]) -> Facts:
        """With the answers to those that are open. None is no answer."""
        news = {question: answers[question] for question in self.open if answers.get(question) is not None}
        return Facts(self.answers | news) if news else self


NO_FACTS = Facts()
