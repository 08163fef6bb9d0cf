"""Text → syntax tree."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer_NonRecursive, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken, VisitError

from console.management_shell.language import syntax
from console.management_shell.language.errors import ShellError
from console.management_shell.language.values import Timespan

LONGEST = 4_000_000
"""Characters of a script."""
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\r\n": "\r\n"}
CONSTANTS: dict[str, object] = {"true": True, "false": False, "null": None}
NUMBER = re.compile(r"(-?)(\d+)(\.\d+)?")
UNITS = {"kb": 1024, "mb": 1024**2, "gb": 1024**3, "tb": 1024**4, "pb": 1024**5}
DOUBLES = '"“”„'
SINGLES = "'‘’‚‛"
_OPEN_TEXT = re.compile(rf"[{SINGLES}](?:[^{SINGLES}]|[{SINGLES}]{{2}})*+|@[{SINGLES}{DOUBLES}][ \t]*\n.*", re.DOTALL)
DASHES = str.maketrans("–—―", "---")


def parse(text: str) -> syntax.Script:
    """The script that a text means. Raises ShellError with line and column."""
    if len(text) > LONGEST:
        raise ShellError(f"A script has at most {LONGEST:,} characters; this one has {len(text):,}.", line=1, column=1)
    try:
        return _Builder(text).transform(_lark().parse(text))
    except UnexpectedInput as error:
        raise _problem(text, error) from None
    except VisitError as error:
        if isinstance(error.orig_exc, ShellError):
            raise error.orig_exc from None
        raise
    except RecursionError:
        raise ShellError("The script is nested too deeply.", line=1, column=1) from None


def is_complete(text: str) -> bool:
    """Whether a script may end here; more is wanted after an open brace or text, a pipe, a backtick at the end."""
    if text.rstrip(" \t").endswith("`"):
        return False
    try:
        _lark().parse(text)
    except UnexpectedEOF:
        return False
    except UnexpectedToken as error:
        return error.token.type != "$END" and not _is_open_text(text, error.token.start_pos)
    except UnexpectedCharacters as error:
        return not _is_open_text(text, error.pos_in_stream)
    return True


def _is_open_text(text: str, position: int) -> bool:
    """Whether a quoted text begins here and does not end."""
    return _OPEN_TEXT.fullmatch(text, position) is not None


@cache
def _lark() -> Lark:
    grammar = (Path(__file__).parent / "grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def _problem(text: str, error: UnexpectedInput) -> ShellError:
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        position = error.token.start_pos
        open_text = _is_open_text(text, position)
        message = _unreadable(text, position) if open_text else _unexpected(str(error.token), error.accepts or set())
        return ShellError(message, line=error.token.line, column=error.token.column)
    if isinstance(error, UnexpectedCharacters):
        return ShellError(_unreadable(text, error.pos_in_stream), line=error.line, column=error.column)
    lines = text.split("\n")
    return ShellError(_unfinished(error), line=len(lines), column=len(lines[-1]) + 1)


def _unfinished(error: UnexpectedInput) -> str:
    accepts = getattr(error, "accepts", None) or set()
    for terminal, sign in {"_DOUBLE_CLOSE": '"', "_HERE_CLOSE": '"@', "RPAR": ")", "RBRACE": "}", "RSQB": "]"}.items():
        if terminal in accepts:
            return f"The script ends where {sign} is missing."
    return "The script ends in the middle of a command: something is missing here."


def _unexpected(token: str, accepts: set[str]) -> str:
    if token[:1] in ("&", "<", ">"):
        return _unreadable(token, 0)
    word = token.split()[0] if token.strip() else ""
    shown = f"'{word}'" if word else "the end of the line"
    if "COMMAND" in accepts and "NUMBER" not in accepts:
        return f"Unexpected {shown}: after | comes a cmdlet."
    if "NUMBER" in accepts and not word.startswith((")", "}", "]", "=", "|")):
        return f"Unexpected {shown}: a value is missing here. Put texts into quotes."
    return f"Unexpected {shown}."


def _unreadable(text: str, position: int) -> str:
    sign = text[position]
    if sign in DOUBLES + SINGLES + "@":
        return f"The text that begins with {sign} here does not end."
    if sign == "&":
        return "& is not part of this shell. Put texts that contain it into quotes."
    if sign == ">":
        return "Redirection is not part of this shell. Write to a file with | Out-File, or put the text into quotes."
    if sign == "<":
        return "Put texts that contain < into quotes. If it is a placeholder, fill it in."
    return f"Unexpected {sign!r}." if sign.isprintable() else "Unexpected character."


def _unescaped(text: str, quotes: str) -> str:
    """Backtick sequences and doubled quotes → what they stand for."""
    pattern = rf"`(\r\n|.)|([{quotes}])[{quotes}]" if quotes else r"`(\r\n|.)"
    return re.sub(pattern, _unescape, text, flags=re.DOTALL)


def _unescape(match: re.Match[str]) -> str:
    escaped = match[1]
    return match[2] if escaped is None else ESCAPES.get(escaped, escaped)


def number(text: str) -> int | float:
    """`10`, `0x1F`, `1.5`, `5MB`."""
    lowered = text.lower()
    factor = UNITS.get(lowered[-2:], 1) if not lowered.startswith("0x") else 1
    digits = lowered[:-2] if factor > 1 else lowered
    if digits.startswith("0x"):
        return int(digits, 16)
    if len(digits) > 40:
        raise ShellError("This number is too long.")
    return (
        float(digits) * factor
        if "." in digits and factor == 1
        else int(float(digits) * factor)
        if "." in digits
        else (int(digits) * factor)
    )


Children = list[Any]
Place = dict[str, int]


class _Builder(Transformer_NonRecursive):
    """lark's tree → ours: a method for each rule."""

    def __init__(self, text: str):
        super().__init__(visit_tokens=False)
        self.text = text

    def _call_userfunc(self, tree: Tree[Any], new_children: Children | None = None) -> Any:
        children = tree.children if new_children is None else new_children
        place = {"line": getattr(tree.meta, "line", 1), "column": getattr(tree.meta, "column", 1)}
        try:
            if tree.data == "script_block":
                return self.script_block(children, place, self.text[tree.meta.start_pos : tree.meta.end_pos])
            return getattr(self, str(tree.data))(children, place)
        except ShellError as error:
            raise error.at(**place) from None

    def start(self, children: Children, place: Place) -> syntax.Script:
        return children[0]

    def block(self, children: Children, place: Place) -> syntax.Script:
        return syntax.Script(tuple(children), **place)

    braces = group_of = otherwise = key = start

    def assignment(self, children: Children, place: Place) -> syntax.Node:
        target, sign, value = children
        if not isinstance(target, syntax.Variable):
            raise ShellError("Only a variable can be given a value: $name = …")
        return syntax.Assignment(target.name, str(sign), value, **place)

    def if_statement(self, children: Children, place: Place) -> syntax.Node:
        rest = [child for child in children if not isinstance(child, Token)]
        clauses = tuple(zip(rest[0::2], rest[1::2], strict=False))
        return syntax.If(clauses, rest[-1] if len(rest) % 2 else None, **place)

    def foreach_statement(self, children: Children, place: Place) -> syntax.Node:
        _, name, source, body = children
        return syntax.ForEach(_variable_name(name), source, body, **place)

    def pipeline(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Pipeline(tuple(children), **place)

    def command(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Command(str(children[0]).translate(DASHES), tuple(children[1:]), **place)

    def parameter(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Named(children[0][1:].translate(DASHES), **place)

    def given(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Named(children[0][1:-1], children[1].value, **place)

    def argument(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Positional(self.list(children, place) if len(children) > 1 else children[0], **place)

    def word(self, children: Children, place: Place) -> syntax.Node:
        return _word(str(children[0]), place)

    def list(self, children: Children, place: Place) -> syntax.Node:
        return syntax.ListOf(tuple(children), **place)

    def _chain(self, children: Children, place: Place) -> syntax.Node:
        left = children[0]
        for sign, right in zip(children[1::2], children[2::2], strict=True):
            left = syntax.Binary(_operator(sign), left, right, line=sign.line, column=sign.column)
        return left

    logical = comparison = additive = multiplicative = formatted = range = _chain

    def unary_operator(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Unary(_operator(children[0]).replace("!", "not"), children[1], **place)

    def member(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Member(children[0], str(children[1]), **place)

    def method(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Method(children[0], str(children[1]), children[2] if len(children) > 2 else (), **place)

    def index(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Index(children[0], children[1], **place)

    item_member, item_method, item_index = member, method, index

    def arguments(self, children: Children, place: Place) -> tuple[syntax.Node, ...]:
        return tuple(children)

    def number(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Literal(number(children[0]), **place)

    def timespan(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Literal(timespan(children[0]), **place)

    def variable(self, children: Children, place: Place) -> syntax.Node:
        return _variable(children[0], place)

    def single_quoted(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Literal(re.sub(f"([{SINGLES}])[{SINGLES}]", r"\1", children[0][1:-1]), **place)

    def here_single(self, children: Children, place: Place) -> syntax.Node:
        inner = children[0].split("\n", 1)[1][:-2]
        return syntax.Literal(inner.removesuffix("\n").removesuffix("\r"), **place)

    def part(self, children: Children, place: Place) -> str | syntax.Node:
        child = children[0]
        if not isinstance(child, Token):
            return child
        return _variable(child, place) if child.type == "TEXT_VARIABLE" else _unescaped(child, DOUBLES)

    def here_part(self, children: Children, place: Place) -> str | syntax.Node:
        child = children[0]
        if not isinstance(child, Token):
            return child
        return _variable(child, place) if child.type == "TEXT_VARIABLE" else _unescaped(child, "")

    def double_quoted(self, children: Children, place: Place) -> syntax.Node:
        return _text(children, place)

    def group(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Group(children[0], **place)

    def sub(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Sub(children[0], **place)

    def array(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Array(children[0], **place)

    def script_block(self, children: Children, place: Place, source: str) -> syntax.Node:
        return syntax.Block(children[0], source[1:-1].strip(), **place)

    def table(self, children: Children, place: Place) -> syntax.Node:
        names = [name.lower() for name, _ in children[0]]
        if len(set(names)) < len(names):
            raise ShellError("A key stands twice in this @{…}.")
        return syntax.Table(children[0], **place)

    def entries(self, children: Children, place: Place) -> tuple[tuple[str, syntax.Node], ...]:
        return tuple(children)

    def entry(self, children: Children, place: Place) -> tuple[str, syntax.Node]:
        key, value = children
        if isinstance(key, syntax.Text):
            raise ShellError("A key is a plain text.")
        return str(key.value if isinstance(key, syntax.Literal) else key), value


def _operator(sign: Token) -> str:
    name = sign.lower().translate(DASHES)
    return name[1:] if len(name) > 1 and name[0] == "-" else name


def _variable_name(token: str) -> str:
    return token[2:-1] if token.startswith("${") else token[1:]


def _variable(token: str, place: Place) -> syntax.Node:
    name = _variable_name(token)
    if name.lower() in CONSTANTS:
        return syntax.Literal(CONSTANTS[name.lower()], **place)
    return syntax.Variable(name, **place)


def _text(parts: list[Any], place: Place) -> syntax.Node:
    """A text; a Literal when nothing in it has to be looked up."""
    if all(isinstance(part, str) for part in parts):
        return syntax.Literal("".join(parts), **place)
    return syntax.Text(tuple(parts), **place)


def _word(token: str, place: Place) -> syntax.Node:
    """A bare word: a number if it prints as it is written, else a text; `$name` in it is looked up."""
    match = NUMBER.fullmatch(token)
    if match and len(token) < 16:
        value = float(token) if match[3] else int(token)
        if str(value) == token:
            return syntax.Literal(value, **place)
    pieces = re.split(r"((?<!`)\$(?:\{[^}]+\}|\w+))", token)
    parts = [_variable(piece, place) if odd % 2 else _unescaped(piece, "") for odd, piece in enumerate(pieces)]
    return _text([part for part in parts if part != ""], place)


def timespan(text: str) -> Timespan:
    """`[days.]hh:mm:ss` → seconds."""
    days, _, clock = text.rpartition(".")
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    if minutes > 59 or seconds > 59:
        raise ShellError("Minutes and seconds go to 59.")
    return Timespan(((int(days or 0) * 24 + hours) * 60 + minutes) * 60 + seconds)
