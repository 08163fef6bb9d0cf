"""Pipelines and commands: which cmdlet is meant, what its words are, what flows from one to the next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from console.management_shell.language import syntax
from console.management_shell.language.arithmetic import bounded
from console.management_shell.language.binding import NO_ITEM, Bound, Word, bind
from console.management_shell.language.cmdlet import Cmdlet
from console.management_shell.language.errors import ShellError, Stop
from console.management_shell.language.runspace import Runspace
from console.management_shell.language.statements import error_record, remembered
from console.management_shell.language.values import entries, spelling

Flow = Iterator[object]


def pipeline(run: Runspace, node: syntax.Pipeline) -> Flow:
    first, *rest = node.stages
    flow = command(run, first, None) if isinstance(first, syntax.Command) else _values(run, first)
    for stage in rest:
        assert isinstance(stage, syntax.Command)
        flow = command(run, stage, flow)
    return flow


def _values(run: Runspace, node: syntax.Node) -> Flow:
    value = run.value(node)
    if value is None and isinstance(node, syntax.Method | syntax.Static):
        return iter(())
    if isinstance(node, syntax.Step) or (isinstance(node, syntax.Cast) and node.type.lower() == "void"):
        return iter(())
    return iter([None] if value is None else entries(value))


def command(run: Runspace, node: syntax.Command, source: Flow | None) -> Flow:
    cmdlet: Cmdlet | None = None
    try:
        cmdlet = find(run, node.name)
        if any(isinstance(word, syntax.Named) and word.name == "?" for word in node.words):
            name = Word("", cmdlet.name, True, node.line, node.column)
            cmdlet, words = run.table["Get-Help"], [name]
        else:
            words = [word for each in node.words for word in _words(run, each)]
        bound = bind(cmdlet, words, run.host, run.variables.preferred())
        run.variables.whole["?"] = True
        for kept in ("ErrorVariable", "OutVariable"):
            if variable := bound.arguments.get(kept, ""):
                run.variables.write(variable.lstrip("+"), _held(run, variable))
        yield from _kept(run, bound.arguments.get("OutVariable", ""), flow_of(run, bound, source))
    except ShellError as error:
        run.variables.whole["?"] = False
        is_script = cmdlet is not None and cmdlet.is_function
        raise error.at(node.line, node.column, "" if is_script else node.name) from None


def _held(run: Runspace, variable: str) -> list[object]:
    """What a variable of -ErrorVariable or -OutVariable holds at first: nothing, or with + what it held."""
    return entries(run.variables.get(variable[1:].lower())) if variable.startswith("+") else []


def _kept(run: Runspace, variable: str, flow: Flow) -> Flow:
    held: list[object] = entries(run.variables.get(variable.lstrip("+").lower())) if variable else []
    for item in flow:
        if variable:
            held.append(item)
            run.variables[variable.lstrip("+").lower()] = bounded(held)
        yield item


def find(run: Runspace, name: str) -> Cmdlet:
    """The cmdlet or function of a name or an alias, in any case."""
    if name.lower() in run.functions:
        return run.functions[name.lower()]
    wanted = run.aliases.get(name.lower(), name)
    found = spelling(wanted, run.table)
    if found:
        return run.table[found]
    near = difflib.get_close_matches(wanted.lower(), [each.lower() for each in run.table], 1, 0.8)
    hint = f" Did you mean {spelling(near[0], run.table)}?" if near else ""
    raise ShellError(f"The term '{name}' is not recognized as the name of a cmdlet.{hint}")


def _words(run: Runspace, node: syntax.Node) -> Iterator[Word]:
    if isinstance(node, syntax.Splat):
        yield from _splatted(run, node)
    elif isinstance(node, syntax.Positional):
        yield _word(run, "", node.value, node.value)
    else:
        assert isinstance(node, syntax.Named)
        yield (
            _word(run, node.name, node.value, node)
            if node.value
            else Word(node.name, None, False, node.line, node.column)
        )


def _word(run: Runspace, name: str, value: syntax.Node, place: syntax.Node) -> Word:
    """A word; one that is nothing without being written so (`$null`, `@()`) is marked."""
    found = run.value(value)
    lost = found is None and not isinstance(value, syntax.Literal)
    return Word(name, found, True, place.line, place.column, lost)


def _splatted(run: Runspace, node: syntax.Splat) -> Iterator[Word]:
    found = run.variables.read(node.name)
    if isinstance(found, dict):
        for name, value in found.items():
            yield Word(str(name), value, True, node.line, node.column, value is None)
    elif isinstance(found, list):
        for value in found:
            yield Word("", value, True, node.line, node.column)
    else:
        raise ShellError(
            f"@{node.name}: ${node.name} is no table of parameters and no list.", line=node.line, column=node.column
        )


def flow_of(run: Runspace, bound: Bound, source: Flow | None) -> Flow:
    """What a cmdlet puts out for all that comes through the pipe."""
    if bound.cmdlet.stream is not None:
        yield from _guarded(
            run, bound, bound.cmdlet.stream(bound.call(piped=source is not None), _ticking(run, source or iter(())))
        )
        return
    for item in _ticking(run, source) if source is not None else (NO_ITEM,):
        yield from _guarded(run, bound, _one(bound, item))


def _one(bound: Bound, item: object) -> Iterable[object]:
    assert bound.cmdlet.run is not None
    yield from bound.cmdlet.run(bound.call(item))


def _guarded(run: Runspace, bound: Bound, flow: Iterable[object]) -> Flow:
    """An error ends the flow; what more it does, -ErrorAction says."""
    try:
        yield from flow
    except Stop:
        raise
    except ShellError as error:
        error.at(*bound.places.get(error.parameter, (0, 0)))
        if variable := bound.arguments.get("ErrorVariable", "").lstrip("+").lower():
            run.variables[variable] = [*entries(run.variables.get(variable)), error_record(error)]
        if bound.error_action == "Stop" or (bound.cmdlet.stream is not None and not bound.cmdlet.is_function):
            raise
        run.variables.whole["?"] = False
        if bound.error_action != "Ignore":
            remembered(run, error)
        if bound.error_action == "Continue":
            run.host.warning(str(error))


def _ticking(run: Runspace, source: Iterable[Any]) -> Iterator[Any]:
    for item in source:
        run.host.tick()
        yield item
