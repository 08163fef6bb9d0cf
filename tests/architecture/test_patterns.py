"""Possessive quantifiers and atomic groups match wrongly before Python 3.11.5 (Debian 12: 3.11.2): nothing has one."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from re import _constants as code
from re import _parser as regex_parser
from typing import Any

import pytest
from lark import Lark

from tests.architecture.test_doors import ROOT

BROKEN = (code.POSSESSIVE_REPEAT, code.ATOMIC_GROUP)
THIS = Path(__file__)


def sources() -> list[Path]:
    """Python and lark files, but this one."""
    folders = [ROOT / name for name in ("transport", "console", "tests")]
    found = [ROOT / "manage.py", *(path for folder in folders for path in folder.rglob("*.py")), *grammars()]
    return sorted(path for path in found if path != THIS)


def grammars() -> list[Path]:
    return [path for folder in ("transport", "console") for path in (ROOT / folder).rglob("*.lark")]


def patterns(path: Path) -> Iterator[str]:
    """What may be a pattern: each terminal of a grammar; each text of a Python file that is written as one."""
    content = path.read_text(encoding="utf-8")
    yield from terminals(content) if path.suffix == ".lark" else texts(content)


def terminals(grammar: str) -> Iterator[str]:
    for terminal in Lark(grammar, parser="lalr").terminals:
        yield terminal.pattern.to_regexp()


def texts(module: str) -> Iterator[str]:
    """Each raw text, and each that a function of `re` is called with; in f-strings a letter for what is put in."""
    tree, lines = ast.parse(module), module.encode().split(b"\n")
    called = {id(each) for node in ast.walk(tree) if is_call_of_re(node) for each in node.args}  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr | ast.Constant) and (id(node) in called or is_raw(node, lines)):
            yield from written(node)


def is_call_of_re(node: ast.AST) -> bool:
    function = node.func if isinstance(node, ast.Call) else None
    return isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "re"


def is_raw(node: ast.expr, lines: list[bytes]) -> bool:
    """Whether a text is written as one for patterns: r"…", rb"…", rf"…"."""
    begin = lines[node.lineno - 1][node.col_offset :][:3].lower()
    return re.match(rb"(?:r[bf]?|[bf]r)[\"']", begin) is not None


def written(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bytes):
        yield node.value.decode("latin-1")
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def is_broken(pattern: str) -> bool:
    if "+" not in pattern and "(?>" not in pattern:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return any(operator in BROKEN for operator in operators(regex_parser.parse(pattern)))
        except (re.error, OverflowError, RecursionError):
            return False


def operators(parsed: Any) -> Iterator[Any]:
    """Every operator of a parsed pattern, however deep."""
    if isinstance(parsed, regex_parser.SubPattern):
        for operator, argument in parsed:
            yield operator
            yield from operators(argument)
    elif isinstance(parsed, list | tuple):
        for part in parsed:
            yield from operators(part)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_pattern_relies_on_what_debian_12_matches_wrongly(path: Path) -> None:
    assert [pattern for pattern in patterns(path) if is_broken(pattern)] == []


@pytest.mark.parametrize(
    "module",
    [
        "import re\nre.compile(r'a*+b')",
        "OF = rb'\"(?:[^\"]|x)*+'",
        "OF = rf'[{SIGNS}]++'",
        "re.sub('x(?:y(?>z))', '', text)",
        "OF = r'a(?=b{2,3}+)'",
    ],
)
def test_such_a_pattern_would_be_found(module: str) -> None:
    assert any(map(is_broken, texts(module)))


def test_such_a_terminal_would_be_found() -> None:
    assert any(map(is_broken, terminals("start: WORD\nWORD: /a(?:b|c)*+/")))
    assert grammars(), "the shell's grammar is looked at"
