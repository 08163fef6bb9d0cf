"""What came of a replay, as people read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.crud.said import said
from console.replay.queries import Found, Kind, Result
from console.tracking.question import of_commands
from transport.receive.rules import CLOSED, REFUSALS, RULES
from transport.trace.line import endpoint
from transport.trace.replay import MOMENT, NOT_KEPT, USER
from transport.trace.session_record import Step

ENDED = {
    MOMENT: _("It went on as the moment had it: other connections, time, mail that waited."),
    USER: _("Who signed in is no user here any more."),
    NOT_KEPT: _("Its record is shorter than it was."),
}
COMMANDS = {"connection": _("Connection"), "message": _("Message")}
AS_THEN = (
    _("Whether a recipient that was looked up was in the directory."),
    _("Whether a password was right, and what DNS said of the client."),
    _("Limits on rates and on connections: kept or exceeded as they were."),
)
AS_NOW = (
    _("Recipients that nobody looked up then."),
    _("A user's groups and addresses."),
)
NOT_COMPARED = (
    _("Texts of accepting replies, and what EHLO offers."),
    _("Where accepted mail would go: What-if tells that."),
    _("Lists of DNS that were not asked then: they count as silent."),
    _("More of a message than its size, hops and From."),
)


@dataclass(frozen=True)
class Answered:
    """An answer in words: `text` the reply, or that it accepts; `rule` with its page, if it refuses."""

    text: str
    meaning: str
    rule: str = ""
    url: str = ""

    @property
    def is_refused(self) -> bool:
        return bool(self.rule)


def answered(step: Step) -> Answered:
    if step.rule in CLOSED:
        return Answered(
            _t("The connection would be closed without a reply."), said(RULES[step.rule].meaning), step.rule
        )
    if not step.code:
        words = _t("The password would be checked.") if step.said else _t("It would be read, and its header judged.")
        return Answered(words, "")
    rule = RULES.get(step.rule)
    meaning = str(said(rule.meaning)) if rule is not None else ""
    if step.code < 400:
        return Answered(f"{step.code} {_t('accepted')}", meaning)
    url = reverse("refusals:page", args=[step.rule]) if step.rule in REFUSALS else ""
    return Answered(step.reply or str(step.code), meaning, step.rule, url)


@dataclass(frozen=True)
class Example:
    """A session, with where it is read."""

    found: Found
    is_logged: bool

    @property
    def said(self) -> str:
        return self.found.difference.then.said

    @property
    def client(self) -> str:
        return self.found.record.client

    @property
    def session_url(self) -> str:
        return reverse("tracking:session", args=[self.found.record.session_id]) if self.is_logged else ""

    @property
    def question(self) -> str:
        """The What-if with its facts, up to the command that would be answered otherwise."""
        record = self.found.record
        said = [step.said for step in record.steps[: self.found.difference.place + 1] if step.said]
        hello = [each for each in said if each[:5].upper() in ("EHLO ", "HELO ")]
        given: dict[str, Any] = {
            "client": record.client,
            "local": endpoint(*(record.front_end[2:] if record.front_end else record.local)),
            "front_end": record.front_end[0] if record.front_end else "",
            "helo": hello[-1][5:].strip() if hello else "",
            "tls": "on" if any(each.upper() == "STARTTLS" for each in said) else "",
            "user": record.users[0] if record.users else "",
            "certificate": " ".join(record.certificates[0]) if record.certificates else "",
        }
        return of_commands(given, said)


@dataclass(frozen=True)
class Group:
    """Sessions that would be answered otherwise in the same way."""

    command: str | Promise
    then: Answered
    now: Answered
    sessions: int
    clients: list[tuple[str, int]]
    examples: list[Example]


def groups(result: Result, logged: set[str]) -> Iterator[Group]:
    """The largest first; `logged` are the sessions that the protocol log has."""
    for kind, clients in sorted(result.kinds.items(), key=lambda each: -each[1].total()):
        found = result.examples(kind)
        then, now = _steps(kind, found)
        examples = [Example(each, each.record.session_id in logged) for each in found]
        command = COMMANDS.get(kind.command, kind.command)
        yield Group(command, answered(then), answered(now), clients.total(), clients.most_common(), examples)


def _steps(kind: Kind, found: list[Found]) -> tuple[Step, Step]:
    """Both answers, with the texts of the newest session; without any where that is not kept."""
    if found:
        return found[0].difference.then, found[0].difference.now
    said = "" if kind.command in COMMANDS else kind.command
    return Step(said, *kind.then), Step(said, *kind.now)


def ended(result: Result) -> list[tuple[str | Promise, int]]:
    """Why replays ended before their sessions, and how often."""
    return [(ENDED[why], n) for why, n in result.ended.most_common()]
