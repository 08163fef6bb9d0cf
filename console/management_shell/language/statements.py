"""Branches, loops, switch, try: what each statement puts out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from console.management_shell.language import patterns, syntax
from console.management_shell.language.comparing import equal
from console.management_shell.language.errors import ShellError, Stop
from console.management_shell.language.leaving import Break, Continue, Exit, Leaving, Return
from console.management_shell.language.runspace import Runspace
from console.management_shell.language.types import is_any_error
from console.management_shell.language.values import Record, ScriptBlock, entries, spelling, text, truth

Flow = Iterator[object]


def if_(run: Runspace, node: syntax.If) -> Flow:
    for condition, body in node.clauses:
        if truth(run.result(condition)):
            return run.script(body)
    return run.script(node.otherwise) if node.otherwise else iter(())


def for_each(run: Runspace, node: syntax.ForEach) -> Flow:
    for item in run.gathered(run.statement(node.source)):
        run.variables.write(node.name, item)
        try:
            yield from run.script(node.body)
        except Continue:
            continue
        except Break:
            return


def for_(run: Runspace, node: syntax.For) -> Flow:
    _done(run, node.begin)
    while node.condition is None or truth(run.result(node.condition)):
        run.host.tick()
        try:
            yield from run.script(node.body)
        except Continue:
            pass
        except Break:
            return
        _done(run, node.turn)


def _done(run: Runspace, node: syntax.Node | None) -> None:
    if node is not None:
        for _ in run.statement(node):
            pass


def while_(run: Runspace, node: syntax.While) -> Flow:
    goes_on = node.do
    while goes_on or truth(run.result(node.condition)) != node.until:
        goes_on = False
        run.host.tick()
        try:
            yield from run.script(node.body)
        except Continue:
            continue
        except Break:
            return


# ---- switch


def switch(run: Runspace, node: syntax.Switch) -> Flow:
    matches = _matcher(node)
    for item in entries(run.result(node.subject)):
        try:
            with run.current(item):
                yield from _chosen(run, node, item, matches)
        except Continue:
            continue
        except Break:
            return


Matches = Callable[[object, object], bool]


def _matcher(node: syntax.Switch) -> Matches:
    """How a value is compared with a label."""
    known = ("Wildcard", "Regex", "Exact", "CaseSensitive")
    wanted = {option: [each for each in known if each.lower().startswith(option.lower())] for option in node.options}
    for option, found in wanted.items():
        if len(found) != 1:
            allowed = tuple(f"-{each}" for each in known)
            raise ShellError(f"switch has no option -{option}.", allowed=allowed).at(node.line, node.column)
    names = {found[0] for found in wanted.values()}
    case = "CaseSensitive" in names
    if "Wildcard" in names:
        return lambda item, label: patterns.like(text(item), text(label), case)
    if "Regex" in names:
        return lambda item, label: patterns.search(text(label), text(item), case) is not None
    return lambda item, label: equal(item, label, case)


def _chosen(run: Runspace, node: syntax.Switch, item: object, matches: Matches) -> Flow:
    found = False
    for label, body in node.cases:
        if label is not None and _is_chosen(run, label, item, matches):
            found = True
            yield from run.script(body)
    for label, body in node.cases if not found else ():
        if label is None:
            yield from run.script(body)


def _is_chosen(run: Runspace, label: syntax.Node, item: object, matches: Matches) -> bool:
    value = run.value(label)
    return truth(value.run(item)) if isinstance(value, ScriptBlock) else matches(item, value)


# ---- errors and leaving


def try_(run: Runspace, node: syntax.Try) -> Flow:
    """A limit of the shell (Stop) and a question to the administrator pass: no script catches them."""
    for types, _ in node.catches:
        for each in types:
            if not is_any_error(each):
                raise ShellError(f"catch [{each}]: errors have no kinds in this shell. Write catch without a type.").at(
                    node.line, node.column
                )
    try:
        yield from _caught(run, node)
    except Stop:
        raise
    except (ShellError, Leaving):
        if node.finally_:
            yield from run.script(node.finally_)
        raise
    if node.finally_:
        yield from run.script(node.finally_)


def _caught(run: Runspace, node: syntax.Try) -> Flow:
    try:
        yield from run.script(node.body)
    except Stop:
        raise
    except ShellError as error:
        if not node.catches:
            raise
        with run.current(remembered(run, error)):
            yield from run.script(node.catches[0][1])


def remembered(run: Runspace, error: ShellError) -> Record:
    """The error as an object; it is the first of `$Error` too."""
    found = error_record(error)
    errors = entries(run.variables.whole.get("error"))
    run.variables.whole["error"] = [found, *errors[:255]]
    return found


def error_record(error: ShellError) -> Record:
    """What `$_` is in `catch`: it prints as the message."""
    message = str(replace(error, cmdlet=""))
    exception = Record("Exception", {"Message": message, "InnerException": None}, name=message)
    place = Record("InvocationInfo", {"ScriptLineNumber": error.line, "OffsetInLine": error.column})
    properties: dict[str, object] = {
        "Exception": exception,
        "TargetObject": error.parameter or None,
        "FullyQualifiedErrorId": error.cmdlet or "ScriptError",
        "InvocationInfo": place,
    }
    return Record("ErrorRecord", properties, source=error, name=message)


def leave(run: Runspace, node: syntax.Leave) -> Flow:
    if node.kind == "throw":
        raise _thrown(run, node).at(node.line, node.column)
    if node.kind in ("break", "continue"):
        raise Break if node.kind == "break" else Continue
    if node.kind == "return":
        if node.value is not None:
            yield from run.statement(node.value)
        raise Return
    code = run.result(node.value) if node.value is not None else 0
    if truth(code):
        raise Stop(f"The script ended itself with exit {text(code)}.", line=node.line, column=node.column)
    raise Exit


def _thrown(run: Runspace, node: syntax.Leave) -> ShellError:
    value: Any = run.result(node.value) if node.value is not None else run.variables.get("_")
    if isinstance(value, Record) and isinstance(value.source, ShellError):
        return value.source
    message = value.get("Message") if isinstance(value, Record) and spelling("Message", value.properties) else value
    return ShellError(text(message) or "ScriptHalted")


def ended(flow: Flow) -> Flow:
    """The flow up to `return`."""
    try:
        yield from flow
    except Return:
        return


STATEMENTS: dict[type, Callable[[Any, Any], Flow]] = {
    syntax.If: if_,
    syntax.ForEach: for_each,
    syntax.For: for_,
    syntax.While: while_,
    syntax.Switch: switch,
    syntax.Try: try_,
    syntax.Leave: leave,
}
