"""What DNS says, as people write it: `A 2.0.0.127.bl.example = 127.0.0.2`, several with commas, `none`, or `?`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address

from django.utils.translation import gettext as _t

from transport.receive.facts import Texts
from transport.trace.what_if import Question

NONE, UNKNOWN = "none", "?"
MOST, LONGEST = 60, 4000
KINDS = {"A": IPv4Address, "AAAA": IPv6Address, "PTR": str, "MX": str}
Answers = Mapping[tuple[str, str], Texts]


def read(text: str) -> Answers:
    """(name, type) → records; what is unknown is left out. Raises ValueError for a line that means nothing."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > MOST:
        raise ValueError(_t("At most %d lines.") % MOST)
    found = dict(map(_line, lines))
    return {record: answer for record, answer in found.items() if answer is not None}


def _line(line: str) -> tuple[tuple[str, str], Texts | None]:
    asked, equals, answer = line.partition("=")
    kind, *names = asked.split()
    if not equals or len(names) != 1 or kind.upper() not in KINDS:
        raise ValueError(_t("“%s” is no line such as A name = 127.0.0.2.") % line.strip()[:200])
    record = names[0].lower().rstrip("."), kind.upper()
    texts = tuple(text.strip() for text in answer.split(",") if text.strip())
    if texts == (UNKNOWN,):
        return record, None
    return record, () if texts in ((), (NONE,)) else tuple(_record(record[1], text) for text in texts)


def _record(kind: str, text: str) -> str:
    if not text.isprintable():
        raise ValueError(_t("Control characters are not allowed here."))
    return str(KINDS[kind](text))


def written(questions: Iterable[Question]) -> str:
    """A line for each, so that what is unknown can be filled in."""
    return "\n".join(f"{each.record.kind} {each.record.name} = {_answer(each.answer)}" for each in questions)


def _answer(answer: Texts | None) -> str:
    return UNKNOWN if answer is None else ", ".join(answer) or NONE
