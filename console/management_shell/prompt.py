"""The line that is being typed in a terminal: colours, completion, history."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.styles import Style

from console.management_shell.history import is_secret
from console.management_shell.language.builtin import ALIASES
from console.management_shell.language.completion import complete
from console.management_shell.language.parser import is_complete
from console.management_shell.session import commands

STYLE = Style.from_dict(
    {
        "text": "ansigreen",
        "variable": "ansicyan",
        "parameter": "ansibrightblack",
        "cmdlet": "bold",
        "comment": "ansigreen italic",
        "prompt": "ansiblue",
    }
)
_COLOURS = re.compile(
    r"""(?P<comment>\#[^\n]*)|(?P<text>["“”„][^"“”„`]*(?:`.[^"“”„`]*)*["“”„]?|['‘’][^'‘’]*['‘’]?)|(?P<variable>\$[\w:]+|\$\{[^}]*\}?)"""
    r"""|(?P<parameter>(?<![^\s(])[-–—][A-Za-z]\w*:?)|(?P<cmdlet>\b[A-Za-z]+-[A-Za-z]+\b)|(?P<plain>\S|\s+)""",
    re.DOTALL,
)


class Colours(Lexer):
    """Texts, variables, parameters, cmdlets and comments."""

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        lines = document.lines

        def line(number: int) -> StyleAndTextTuples:
            return [(f"class:{match.lastgroup}", match[0]) for match in _COLOURS.finditer(lines[number])]

        return line


class Suggestions(Completer):
    """Cmdlets, parameters and values, on Tab."""

    def get_completions(self, document: Document, complete_event: Any) -> Iterator[Completion]:
        before = document.text_before_cursor
        for found in complete(commands(), ALIASES, before):
            yield Completion(found.text, found.start - len(before), display_meta=found.meaning[:60])


class Discreet(FileHistory):
    """Keeps no command that has a secret in it."""

    def store_string(self, string: str) -> None:
        if not is_secret(string):
            super().store_string(string)


def session(history_file: Path) -> PromptSession[str]:
    """Enter runs what is complete, and begins a new line where something is open."""
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: Any) -> None:
        buffer = event.current_buffer
        if buffer.document.is_cursor_at_the_end and not is_complete(buffer.text):
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    return PromptSession(
        history=_history(history_file),
        lexer=Colours(),
        completer=Suggestions(),
        complete_while_typing=False,
        key_bindings=keys,
        multiline=True,
        style=STYLE,
        prompt_continuation=">> ",
    )


def _history(path: Path) -> History:
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return Discreet(str(path))
