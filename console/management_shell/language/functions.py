"""A function of a script as a cmdlet: its parameters, and how it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from console.management_shell.language import syntax, types
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.errors import ShellError
from console.management_shell.language.members import member
from console.management_shell.language.runspace import Runspace
from console.management_shell.language.statements import ended
from console.management_shell.language.values import Record, entries, one_of, spelling, text, truth

FACTS = (
    "Mandatory", "Position", "ValueFromPipeline", "ValueFromPipelineByPropertyName", "HelpMessage", "ParameterSetName",
)  # fmt: skip
BINDING_FACTS = ("SupportsShouldProcess", "ConfirmImpact", "PositionalBinding", "DefaultParameterSetName")
CHECKS = ("ValidateSet", "ValidateRange", "ValidateNotNull", "ValidateNotNullOrEmpty", "Alias", "AllowNull",
          "AllowEmptyString", "AllowEmptyCollection")  # fmt: skip
MANY = "args"


def define(run: Runspace, node: syntax.Function) -> Iterator[object]:
    """`function name { … }`: from now on it can be called. It takes no cmdlet's place."""
    if spelling(run.aliases.get(node.name.lower(), node.name), run.table):
        raise ShellError(
            f"'{node.name}' is a cmdlet already: call the function otherwise.", line=node.line, column=node.column
        )
    formals = node.formals
    attributes: tuple[syntax.Attribute, ...] = ()
    statements = []
    for statement in node.body.statements:
        if isinstance(statement, syntax.Params):
            formals, attributes = (*formals, *statement.formals), statement.attributes
        else:
            statements.append(statement)
    _check_binding(attributes)
    _check_sets(run, formals)
    parameters = tuple(parameter(run, each, place) for place, each in enumerate(formals))
    if not formals:
        parameters = (Parameter(MANY, position=0, many=True),)
    body = Body(run, formals, tuple(statements))
    run.functions[node.name.lower()] = Cmdlet(
        node.name,
        parameters=parameters,
        synopsis="A function of this script.",
        stream=body,
        is_function=True,
        changes=any(name.lower() == "supportsshouldprocess" for each in attributes for name, _ in each.facts),
    )
    return iter(())


def params(run: Runspace, node: syntax.Params) -> Iterator[object]:
    """`param(…)` of the script itself: what is set already stays, what is not gets its default."""
    _check_binding(node.attributes)
    _check_sets(run, node.formals)
    for place, formal in enumerate(node.formals):
        declared = parameter(run, formal, place)
        if run.variables.get(formal.name.lower()) is not None:
            value = declared.read(run.variables.get(formal.name.lower()))
        elif declared.mandatory:
            raise ShellError(f"The script wants -{formal.name}: write ${formal.name} = … before it.").at(
                formal.line, formal.column
            )
        else:
            value = _default(run, formal, declared)
        run.variables.write(formal.name, value)
    return iter(())


def _check_binding(attributes: tuple[syntax.Attribute, ...]) -> None:
    for each in attributes:
        if each.name.lower() not in ("cmdletbinding", "outputtype", "alias"):
            raise _unknown(each)
        for name, _ in each.facts if each.name.lower() == "cmdletbinding" else ():
            if not spelling(name, BINDING_FACTS):
                raise _unknown(each, name)


def _check_sets(run: Runspace, formals: tuple[syntax.Formal, ...]) -> None:
    """One set of parameters is all of them; of several, no parameter can be mandatory here."""
    facts = [_facts(run, each) for formal in formals for each in formal.attributes if each.name.lower() == "parameter"]
    names = {text(each["ParameterSetName"]) for each in facts if "ParameterSetName" in each}
    if len(names) > 1 and any(truth(each.get("Mandatory")) for each in facts):
        raise ShellError(f"Several parameter sets are not part of this shell: {', '.join(sorted(names))}.").at(
            formals[0].line, formals[0].column
        )


def _unknown(attribute: syntax.Attribute, fact: str = "") -> ShellError:
    within = f"{attribute.name}({fact})" if fact else attribute.name
    return ShellError(f"The attribute [{within}] is not part of this shell.").at(attribute.line, attribute.column)


def parameter(run: Runspace, formal: syntax.Formal, place: int) -> Parameter:
    """The parameter that a formal one declares. Raises ShellError for what it says that means nothing here."""
    facts: dict[str, Any] = {}
    checks: list[Callable[[object], object]] = []
    for attribute in formal.attributes:
        if attribute.name.lower() == "parameter":
            facts |= _facts(run, attribute)
        elif spelling(attribute.name, CHECKS):
            checks += _check(run, attribute)
        else:
            raise _unknown(attribute)
    switch = any(types.canonical(each) == "switch" for each in formal.types)
    for each in formal.types:
        if types.canonical(each).removesuffix("[]") not in types.CASTS:
            raise types.unknown(each).at(formal.line, formal.column)
    aliases = [
        text(run.value(node)) for each in formal.attributes if each.name.lower() == "alias" for _, node in each.facts
    ]
    return Parameter(
        formal.name,
        _reader(formal.types, checks),
        mandatory=truth(facts.get("Mandatory", False)),
        position=None if switch else int(facts.get("Position", place)),
        switch=switch,
        from_pipeline=truth(facts.get("ValueFromPipeline", False)),
        from_property=formal.name if truth(facts.get("ValueFromPipelineByPropertyName", False)) else "",
        help=text(facts.get("HelpMessage", "")),
        also=dict.fromkeys(aliases, ""),
    )


def _facts(run: Runspace, attribute: syntax.Attribute) -> dict[str, Any]:
    found = {}
    for name, node in attribute.facts:
        known = spelling(name, FACTS)
        if known is None:
            raise _unknown(attribute, name)
        found[known] = run.value(node)
    return found


def _check(run: Runspace, attribute: syntax.Attribute) -> list[Callable[[object], object]]:
    values = [run.value(node) for _, node in attribute.facts]
    kind = attribute.name.lower()
    if kind == "validateset":
        choose = one_of(*map(text, values))
        return [lambda value: [choose(each) for each in value] if isinstance(value, list) else choose(value)]
    if kind == "validaterange":
        return [lambda value: _within(value, *values)]
    return [_something] if kind.startswith("validatenot") else []


def _within(value: Any, low: Any, high: Any) -> object:
    if not low <= value <= high:
        raise ValueError(f"Write a number from {low} to {high}.")
    return value


def _something(value: object) -> object:
    if value is None or value in ("", []):
        raise ValueError("This cannot be empty.")
    return value


def _reader(names: tuple[str, ...], checks: list[Callable[[object], object]]) -> Callable[[object], object]:
    def read(value: object) -> object:
        for name in reversed(names):
            value = types.convert(name, value)
        for check in checks:
            value = check(value)
        return value

    return read


def _default(run: Runspace, formal: syntax.Formal, declared: Parameter) -> object:
    if formal.default is not None:
        return declared.read(run.value(formal.default)) if not declared.switch else truth(run.value(formal.default))
    if declared.switch:
        return False
    kinds = {types.canonical(each) for each in formal.types}
    return "" if "string" in kinds else 0 if kinds & {"int", "long"} else None


class Body:
    """What a function does: once, or for each piped object where it has a `process` block."""

    def __init__(self, run: Runspace, formals: tuple[syntax.Formal, ...], statements: tuple[syntax.Node, ...]):
        self.run, self.formals = run, formals
        self.phases = {each.name: each.body for each in statements if isinstance(each, syntax.Phase)}
        rest = tuple(each for each in statements if not isinstance(each, syntax.Phase))
        if self.phases and rest:
            raise ShellError("Beside begin, process and end blocks a function has no other statements.").at(
                rest[0].line, rest[0].column
            )
        self.phases = self.phases or {"end": syntax.Script(rest)}

    def __call__(self, call: Call, objects: Iterator[Any]) -> Iterator[object]:
        """The function's variables are gone when it ends, so what it puts out is gathered first."""
        own = self._arguments(call)
        with self.run.variables.function(**own):
            found = self.run.gathered(ended(self._parts(call, objects)))
        return iter(found)

    def _arguments(self, call: Call) -> dict[str, object]:
        own: dict[str, object] = {"args": entries(call.get(MANY)) if not self.formals else []}
        if call.cmdlet.changes:
            own |= {"whatifpreference": call.what_if, "pscmdlet": Record("PSCmdlet", {}, source=call)}
        own["psboundparameters"] = {each: value for each, value in call.arguments.items() if each != MANY}
        with self.run.variables.function(**own):
            for formal in self.formals:
                declared = next(each for each in call.cmdlet.parameters if each.name == formal.name)
                value = (
                    call.arguments[formal.name]
                    if formal.name in call.arguments
                    else _default(self.run, formal, declared)
                )
                own[formal.name.lower()] = value
                self.run.variables[formal.name.lower()] = value
        return own

    def _parts(self, call: Call, objects: Iterator[Any]) -> Iterator[object]:
        yield from self._phase("begin")
        if "process" in self.phases:
            yield from self._each(call, objects)
        else:
            piped = list(objects)
            self.run.variables["input"] = piped
            for item in piped[-1:]:
                self._take(call, item)
        yield from self._phase("end")

    def _each(self, call: Call, objects: Iterator[Any]) -> Iterator[object]:
        if not call.piped:
            yield from self._phase("process")
        for item in objects:
            self._take(call, item)
            with self.run.current(item):
                yield from ended(self._phase("process"))

    def _take(self, call: Call, item: object) -> None:
        """A piped object, or its properties, as the parameters that want them."""
        for each in call.cmdlet.parameters:
            if each.name in call.arguments:
                continue
            if each.from_pipeline:
                self.run.variables[each.name.lower()] = each.read(item)
            elif each.from_property and isinstance(item, Record | dict):
                self.run.variables[each.name.lower()] = each.read(member(item, each.from_property))

    def _phase(self, name: str) -> Iterator[object]:
        return self.run.script(self.phases[name]) if name in self.phases else iter(())


def phase(run: Runspace, node: syntax.Phase) -> Iterator[object]:
    """`begin`, `process` and `end` outside of a function."""
    raise ShellError(f"{node.name} {{ … }} belongs into a function.").at(node.line, node.column)


DECLARATIONS: dict[type, Callable[[Any, Any], Iterator[object]]] = {
    syntax.Function: define,
    syntax.Params: params,
    syntax.Phase: phase,
}
