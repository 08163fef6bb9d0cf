"""Text → syntax tree."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from lark import Lark
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from console.management_shell.language import syntax
from console.management_shell.language.building import Builder
from console.management_shell.language.errors import ShellError
from console.management_shell.language.literals import DOUBLES, SINGLES

LONGEST = 4_000_000
"""Characters of a script."""
_OPEN_TEXT = re.compile(
    rf"[{SINGLES}][^{SINGLES}]*(?:[{SINGLES}]{{2}}[^{SINGLES}]*)*|@[{SINGLES}{DOUBLES}][ \t]*\n.*", re.DOTALL
)


def parse(text: str) -> syntax.Script:
    """The script that a text means. Raises ShellError with line and column."""
    if len(text) > LONGEST:
        raise ShellError(f"A script has at most {LONGEST:,} characters; this one has {len(text):,}.", line=1, column=1)
    try:
        return Builder(text).transform(_lark().parse(text))
    except UnexpectedInput as error:
        raise _problem(text, error) from None
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
        return error.token.type != "$END" and not _is_open_text(text, error.token.start_pos or 0)
    except UnexpectedCharacters as error:
        return not _is_open_text(text, error.pos_in_stream or 0)
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
        position = error.token.start_pos or 0
        open_text = _is_open_text(text, position)
        message = _unreadable(text, position) if open_text else _unexpected(str(error.token), error.accepts or set())
        return ShellError(message, line=error.token.line, column=error.token.column)
    if isinstance(error, UnexpectedCharacters):
        return ShellError(_unreadable(text, error.pos_in_stream or 0), line=error.line, column=error.column)
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
