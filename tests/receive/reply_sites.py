"""Every place in the code that names a reply or a rule, and what of it a conversation reaches.

The places are found by walking the syntax trees. A place is reached when its statement ran since the last answer (or
before the first) and the answer then was that reply, or was decided by that rule: a line that merely runs, or a reply
that merely comes from elsewhere, does not count.
"""

from __future__ import annotations

import ast
import functools
import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any, get_type_hints

from transport.receive.outcome import Outcome
from transport.receive.rules import RULES
from transport.smtp import replies
from transport.smtp.reply import Reply

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE: dict[str, Reply] = {name: each for name, each in vars(replies).items() if isinstance(each, Reply)}
SILENCE = Reply(200, "", ("",), b"200 \r\n")
"""Of what is closed without a word."""
Tracer = Callable[[FrameType, str, Any], Any]


@dataclass(frozen=True)
class Site:
    """A reference to `name` in the statement that spans `lines`, empty for one that runs when the module is loaded."""

    path: str
    line: int
    name: str
    lines: frozenset[int]

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.name}"


@dataclass(frozen=True)
class Answer:
    """What the core said, why, and the (file, line) pairs that ran up to it."""

    ran: frozenset[tuple[str, int]]
    reply: Reply
    rule: str

    def reaches(self, site: Site) -> bool:
        if site.lines and not any((site.path, line) in self.ran for line in site.lines):
            return False
        if site.name in RULES:
            return self.rule == site.name
        if site.name in CATALOGUE:
            return CATALOGUE[site.name].wire in self.reply.wire
        return all(self.reply.wire != each.wire for each in CATALOGUE.values())


def sites(folder: str) -> Iterator[Site]:
    """Every reference in a folder of the product, but for the declarations themselves."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        if path.name != "rules.py":
            yield from _in_file(path, _named)


def calls(folder: str) -> Iterator[Site]:
    """Every call in a folder of the product to a function of `transport.receive` that gives an outcome."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        yield from _in_file(path, functools.partial(_asking, known=vars(module)))


def _in_file(path: Path, named: Callable[[ast.expr], str]) -> Iterator[Site]:
    tree = ast.parse(path.read_text())
    place = str(path.relative_to(ROOT))
    for statement, inside in _statements(tree, False):
        lines = _lines(statement) if inside else frozenset()
        for node in _expressions(statement):
            name = named(node)
            if name:
                yield Site(place, node.lineno, name, lines)


def _lines(statement: ast.stmt) -> frozenset[int]:
    """The lines of a statement, of one with a body those of its head."""
    body = getattr(statement, "body", None)
    end = body[0].lineno - 1 if body else statement.end_lineno or statement.lineno
    return frozenset(range(statement.lineno, max(end, statement.lineno) + 1))


def _statements(node: ast.AST, inside: bool) -> Iterator[tuple[ast.stmt, bool]]:
    """Each statement, and whether it stands in a function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child, inside
        yield from _statements(child, inside or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef))


def _expressions(statement: ast.AST) -> Iterator[ast.expr]:
    """The expressions of a statement that belong to no statement within it."""
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, ast.stmt):
            if isinstance(child, ast.expr):
                yield child
            yield from _expressions(child)


def _named(node: ast.expr) -> str:
    match node:
        case ast.Attribute(value=ast.Name(id="replies"), attr=name):
            return name
        case ast.Constant(value=str(text)) if text in RULES:
            return text
        case ast.Call(func=ast.Name(id="refuse" | "close"), args=[_, ast.Constant(value=str(unknown)), *_]):
            return "" if unknown in RULES else f"the rule {unknown}, which does not exist"
        case ast.Call(func=ast.Name(id="reply" | "Reply" as name)):
            return name
    return ""


def _asking(node: ast.expr, known: dict[str, Any]) -> str:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            function = known.get(name)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=name)):
            function = getattr(known.get(module), name, None)
        case _:
            return ""
    if not isinstance(function, FunctionType) or not function.__module__.startswith("transport.receive."):
        return ""
    return name if get_type_hints(function).get("return") is Outcome else ""


@dataclass
class Trace:
    """While it is entered, `ran` gets the (file, line) pairs of a folder that this thread runs."""

    folder: str
    ran: set[tuple[str, int]] = field(default_factory=set)
    _before: Any = None

    def __enter__(self) -> Trace:
        self._before = sys.gettrace()
        sys.settrace(self._call)
        return self

    def __exit__(self, *_error: object) -> None:
        sys.settrace(self._before)

    def _call(self, frame: FrameType, event: str, arg: Any) -> Tracer | None:
        path = Path(frame.f_code.co_filename)
        if not path.is_relative_to(ROOT / self.folder):
            return None
        place = str(path.relative_to(ROOT))

        def line(frame: FrameType, event: str, arg: Any) -> Tracer:
            if event == "line":
                self.ran.add((place, frame.f_lineno))
            return line

        return line


@dataclass
class Recorder:
    """Tell it what the core answers while the trace runs: `answers` are what was said, and what ran for it."""

    trace: Trace
    answers: list[Answer] = field(default_factory=list)
    _first: frozenset[tuple[str, int]] | None = None

    def took(self, outcome: Outcome) -> None:
        if outcome.reply is None and not outcome.decided_by:
            return
        ran = frozenset(self.trace.ran)
        if self._first is None:
            self._first = ran
        self.answers.append(Answer(ran | self._first, outcome.reply or SILENCE, outcome.decided_by))
        self.trace.ran.clear()
