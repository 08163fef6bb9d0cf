"""Words and piped objects → the arguments of a call, with PowerShell's own error texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from console.management_shell.language.cmdlet import Call, Cmdlet, Host, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.members import member
from console.management_shell.language.values import Record, text, truth

COMMON = ("WhatIf", "Confirm", "Verbose", "ErrorAction", "WarningAction", "ErrorVariable", "OutVariable")


@dataclass(frozen=True)
class Word:
    """`name` is "" for a word without one; `has_value` is false for `-name` alone. Places count from 1."""

    name: str
    value: Any
    has_value: bool
    line: int
    column: int
    lost: bool = False
    """The value is nothing, but not because `$null` stands there."""


class NoItem:
    """Stands for the piped object where there is no pipe."""


NO_ITEM = NoItem()


@dataclass
class Bound:
    """A cmdlet with the arguments that its words gave; the piped objects come later."""

    cmdlet: Cmdlet
    host: Host
    arguments: dict[str, Any]
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    preferred: Mapping[str, object] = field(default_factory=dict)
    """The common parameters as the script's preferences have them."""

    @property
    def error_action(self) -> str:
        """One of ERROR_ACTIONS."""
        return str(self._common("ErrorAction", "Stop"))

    def _common(self, name: str, default: object) -> Any:
        return self.arguments.get(name, self.preferred.get(name, default))

    def call(self, item: object = NO_ITEM, piped: bool = False) -> Call:
        """The call for one piped object, or for none. Raises ShellError when a mandatory argument is missing."""
        arguments = {name: value for name, value in self.arguments.items() if name not in COMMON}
        if item is not NO_ITEM:
            arguments |= self._from_pipe(item, arguments)
        later = piped and self.cmdlet.is_function
        missing = [
            each.name
            for each in self.cmdlet.parameters
            if each.mandatory
            and each.name not in arguments
            and not (later and (each.from_pipeline or each.from_property))
        ]
        if missing:
            names = " ".join(missing)
            raise ShellError(f"Cannot process command because of one or more missing mandatory parameters: {names}.")
        quiet = self._common("WarningAction", "Continue") != "Continue"
        return Call(
            self.cmdlet,
            self.host,
            arguments,
            item=None if item is NO_ITEM else item,
            what_if=self.cmdlet.changes and self._common("WhatIf", False),
            confirm=self.cmdlet.changes and self._common("Confirm", self.cmdlet.asks),
            verbose_wanted=self._common("Verbose", False),
            quiet=quiet,
            piped=piped or item is not NO_ITEM,
        )

    def _from_pipe(self, item: object, given: dict[str, Any]) -> dict[str, Any]:
        """Arguments out of the piped object: itself, and its properties."""
        whole = _taking(
            [each for each in self.cmdlet.parameters if each.from_pipeline and each.name not in given], item
        )
        parts = [each for each in self.cmdlet.parameters if each.from_property and each.name not in given]
        found = {each.name: _read(each, item) for each in whole[:1]}
        for parameter in parts:
            value = member(item, parameter.from_property) if isinstance(item, Record | dict) else None
            if value is not None and parameter.name not in found:
                found[parameter.name] = _read(parameter, value)
        if not found and self.cmdlet.stream is None:
            raise ShellError(
                "The input object cannot be bound to any parameters for the command either because the command does "
                "not take pipeline input or the input and its properties do not match any of the parameters that take "
                "pipeline input."
            )
        return found


def _taking(parameters: list[Parameter], item: object) -> list[Parameter]:
    """Those that an object is for: by its type first."""
    of_any = [each for each in parameters if not each.takes]
    if not isinstance(item, Record):
        return of_any or parameters
    return [each for each in parameters if item.type_name in each.takes] or of_any


def bind(cmdlet: Cmdlet, words: Iterable[Word], host: Host, preferred: Mapping[str, object] | None = None) -> Bound:
    """Gives each word to its parameter. Raises ShellError, at the word."""
    bound = Bound(cmdlet, host, {}, preferred=preferred or {})
    rest: list[Word] = []
    waiting = iter(list(words) if not cmdlet.takes_any else ())
    for word in waiting:
        if word.name:
            _named(bound, word, waiting)
        else:
            rest.append(word)
    _positional(bound, rest)
    return bound


def _named(bound: Bound, word: Word, following: Iterator[Word]) -> None:
    parameter = _located(word, lambda: find(bound.cmdlet, word.name, bound.host))
    if parameter.switch:
        value = truth(word.value) if word.has_value else True
    elif word.has_value:
        value = word.value
    else:
        following_word = next(following, None)
        if following_word is None or following_word.name:
            raise _missing(parameter).at(word.line, word.column)
        value, word = following_word.value, following_word
    _give(bound, parameter, [value] if parameter.many else value, word)


def _missing(parameter: Parameter) -> ShellError:
    return ShellError(f"Missing an argument for parameter '{parameter.name}'.", parameter.name, parameter.choices)


def _positional(bound: Bound, words: list[Word]) -> None:
    places = sorted(
        (each for each in bound.cmdlet.parameters if each.position is not None and each.name not in bound.arguments),
        key=lambda each: each.position or 0,
    )
    if places and places[-1].many and len(words) >= len(places):
        rest = words[len(places) - 1 :]
        words = [*words[: len(places) - 1], replace(rest[0], value=[each.value for each in rest])]
    for number, word in enumerate(words):
        if number >= len(places):
            shown = text(word.value)
            raise ShellError(
                f"A positional parameter cannot be found that accepts argument '{shown}'.",
                line=word.line,
                column=word.column,
            )
        _give(bound, places[number], word.value, word)


def _give(bound: Bound, parameter: Parameter, value: object, word: Word) -> None:
    if parameter.name in bound.arguments:
        raise ShellError(
            f"Cannot bind parameter because parameter '{parameter.name}' is specified more than once.",
            line=word.line,
            column=word.column,
        )
    if parameter.keeps and word.lost:
        raise ShellError(
            "What is given here is nothing, and would empty the list. Write $null or @() if that is meant.",
            parameter.name,
            line=word.line,
            column=word.column,
        )
    bound.places[parameter.name] = (word.line, word.column)
    bound.arguments[parameter.name] = value if parameter.switch else _located(word, lambda: _read(parameter, value))


def _located(word: Word, work: Any) -> Any:
    try:
        return work()
    except ShellError as error:
        raise error.at(word.line, word.column) from None


def _read(parameter: Parameter, value: object) -> object:
    try:
        return parameter.read(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise ShellError(
            f"Cannot process argument transformation on parameter '{parameter.name}'. {error}",
            parameter.name,
            parameter.choices,
        ) from None


def find(cmdlet: Cmdlet, name: str, host: Host | None = None) -> Parameter:
    """The parameter of a name, an alias or an unambiguous prefix. An alias with a remark says so."""
    parameters = cmdlet.all_parameters()
    lowered = name.lower()
    for parameter in parameters:
        if parameter.name.lower() == lowered:
            return parameter
        for alias, remark in parameter.also.items():
            if alias.lower() == lowered:
                if remark and host is not None:
                    host.warning(remark)
                return parameter
    matches = [each for each in parameters if each.name.lower().startswith(lowered)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        possible = " ".join(f"-{each.name}" for each in matches)
        raise ShellError(
            f"Parameter cannot be processed because the parameter name '{name}' is ambiguous. "
            f"Possible matches include: {possible}."
        )
    raise ShellError(f"A parameter cannot be found that matches parameter name '{name}'.")
