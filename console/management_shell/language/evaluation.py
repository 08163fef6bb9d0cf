"""What a script does: statements, pipelines, variables, expressions."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from console.management_shell.language import members, operators, syntax
from console.management_shell.language.arithmetic import bounded
from console.management_shell.language.binding import NO_ITEM, Bound, Word, bind
from console.management_shell.language.cmdlet import Cmdlet, Host
from console.management_shell.language.errors import ShellError, Stop
from console.management_shell.language.values import ScriptBlock, entries, joined, spelling, text, truth

MOST_MADE = 100_000_000
"""Characters of texts and entries of lists that one script makes, all together: no script fills the memory."""
DEEPEST = 40
"""Script blocks and sub-expressions inside of each other."""


class Interpreter:
    """Runs statements for a host. Variables live as long as it does.

    `table`: what can be run, by name; `aliases`: `fl` → name.
    """

    def __init__(self, table: Mapping[str, Cmdlet], aliases: Mapping[str, str], host: Host):
        self.table, self.aliases, self.host = table, aliases, host
        self.variables: dict[str, object] = {}
        self._depth = self._made = 0

    def begin(self) -> None:
        """A new script: what the ones before it made counts no more."""
        self._depth = self._made = 0

    def run(self, statement: syntax.Node) -> Iterator[object]:
        """What a statement puts out, one object after the other. Raises ShellError only."""
        try:
            yield from self._run(statement)
        except RecursionError:
            raise Stop("The script is nested too deeply.", line=statement.line, column=statement.column) from None

    def _run(self, node: syntax.Node) -> Iterator[object]:
        self.host.tick()
        return _STATEMENTS[type(node)](self, node)

    def value(self, node: syntax.Node) -> Any:
        """What an expression means."""
        self.host.tick()
        try:
            return _EXPRESSIONS[type(node)](self, node)
        except ShellError as error:
            raise error.at(node.line, node.column) from None

    # ---- statements

    def _script(self, node: syntax.Script) -> Iterator[object]:
        self._depth += 1
        try:
            if self._depth > DEEPEST:
                raise Stop(f"Script blocks stand in each other at most {DEEPEST} deep.")
            for statement in node.statements:
                yield from self._run(statement)
        finally:
            self._depth -= 1

    def _assignment(self, node: syntax.Assignment) -> Iterator[object]:
        new = self._result(node.value)
        try:
            if node.operator != "=":
                new = operators.binary(node.operator[0], self.value(node.target), new)
            self._assign(node.target, new)
        except ShellError as error:
            raise error.at(node.line, node.column) from None
        return iter(())

    def _assign(self, target: syntax.Variable | syntax.Member | syntax.Index, new: object) -> None:
        if isinstance(target, syntax.Variable):
            name = target.name.lower()
            if name in ("_", "psitem") or ":" in name:
                raise ShellError(f"${target.name} cannot be given a value.")
            self.variables[name] = new
        elif isinstance(target, syntax.Member):
            members.assign(self.value(target.of), target.name, new)
        else:
            members.assign(self.value(target.of), text(self.value(target.at)), new)

    def _if(self, node: syntax.If) -> Iterator[object]:
        for condition, body in node.clauses:
            if truth(self._result(condition)):
                return self._script(body)
        return self._script(node.otherwise) if node.otherwise else iter(())

    def _for_each(self, node: syntax.ForEach) -> Iterator[object]:
        for item in self._gathered(self._run(node.source)):
            self.variables[node.name.lower()] = item
            yield from self._script(node.body)

    def _pipeline(self, node: syntax.Pipeline) -> Iterator[object]:
        first, *rest = node.stages
        flow = self._first(first)
        for stage in rest:
            assert isinstance(stage, syntax.Command)
            flow = self._command(stage, flow)
        return flow

    def _first(self, node: syntax.Node) -> Iterator[object]:
        return self._command(node, None) if isinstance(node, syntax.Command) else iter(_enumerated(self.value(node)))

    # ---- commands

    def _command(self, node: syntax.Command, source: Iterator[object] | None) -> Iterator[object]:
        try:
            cmdlet = self.find(node.name)
            if any(isinstance(word, syntax.Named) and word.name == "?" for word in node.words):
                name = Word("", cmdlet.name, True, node.line, node.column)
                cmdlet, words = self.table["Get-Help"], [name]
            else:
                words = [self._word(word) for word in node.words]
            bound = bind(cmdlet, words, self.host)
            yield from self._flow(bound, source)
        except ShellError as error:
            raise error.at(node.line, node.column, node.name) from None

    def find(self, name: str) -> Cmdlet:
        """The cmdlet of a name or an alias, in any case."""
        wanted = self.aliases.get(name.lower(), name)
        found = spelling(wanted, self.table)
        if found:
            return self.table[found]
        near = difflib.get_close_matches(wanted.lower(), [each.lower() for each in self.table], 1, 0.8)
        hint = f" Did you mean {spelling(near[0], self.table)}?" if near else ""
        raise ShellError(f"The term '{name}' is not recognized as the name of a cmdlet.{hint}")

    def _word(self, node: syntax.Named | syntax.Positional) -> Word:
        if isinstance(node, syntax.Positional):
            return Word("", self.value(node.value), True, node.value.line, node.value.column)
        value = self.value(node.value) if node.value is not None else None
        return Word(node.name, value, node.value is not None, node.line, node.column)

    def _flow(self, bound: Bound, source: Iterator[object] | None) -> Iterator[object]:
        if bound.cmdlet.stream is not None:
            yield from bound.cmdlet.stream(bound.call(), self._ticking(source or iter(())))
            return
        assert bound.cmdlet.run is not None
        for item in self._ticking(source) if source is not None else (NO_ITEM,):
            try:
                yield from bound.cmdlet.run(bound.call(item))
            except Stop:
                raise
            except ShellError as error:
                if bound.error_action == "Stop":
                    raise error.at(*bound.places.get(error.parameter, (0, 0))) from None
                if bound.error_action == "Continue":
                    self.host.warning(str(error))

    def _ticking(self, source: Iterable[object]) -> Iterator[object]:
        for item in source:
            self.host.tick()
            yield item

    def _gathered(self, flow: Iterable[object]) -> list[object]:
        found: list[object] = []
        for item in flow:
            found.append(self._charged(item))
            bounded(found)
        return found

    def _charged(self, made: Any) -> Any:
        """The same object, counted against what a script may make."""
        if isinstance(made, str | list):
            self._made += len(made)
            if self._made > MOST_MADE:
                raise Stop("The script makes too much text.")
        return made

    def _result(self, node: syntax.Node) -> object:
        """What a statement gives as a value; an expression alone is not taken apart, so that `@()` stays a list."""
        stages = node.stages if isinstance(node, syntax.Pipeline) else ()
        if len(stages) == 1 and not isinstance(stages[0], syntax.Command):
            return self.value(stages[0])
        return _collapsed(self._gathered(self._run(node)))

    # ---- expressions

    def _text(self, node: syntax.Text) -> str:
        parts = (part if isinstance(part, str) else text(self.value(part)) for part in node.parts)
        return self._charged(joined("", parts))

    def _variable(self, node: syntax.Variable) -> object:
        name = node.name.lower()
        if ":" in name and name not in self.variables:
            raise ShellError(f"${node.name}: this shell has variables of its own only, none of the system.")
        return self.variables.get("_" if name == "psitem" else name)

    def _member(self, node: syntax.Member) -> object:
        return members.member(self.value(node.of), node.name)

    def _method(self, node: syntax.Method) -> object:
        return self._charged(
            members.call(self.value(node.of), node.name, [self.value(each) for each in node.arguments])
        )

    def _index(self, node: syntax.Index) -> object:
        return members.index(self.value(node.of), self.value(node.at))

    def _list(self, node: syntax.ListOf) -> list[object]:
        return bounded([self.value(each) for each in node.items])

    def _group(self, node: syntax.Group) -> object:
        return self._result(node.statement)

    def _sub(self, node: syntax.Sub) -> object:
        return _collapsed(self._gathered(self._script(node.body)))

    def _array(self, node: syntax.Array) -> list[object]:
        return self._gathered(self._script(node.body))

    def _table(self, node: syntax.Table) -> dict[str, object]:
        return {key: self._result(value) for key, value in node.entries}

    def _block(self, node: syntax.Block) -> ScriptBlock:
        return ScriptBlock(lambda item: self._with_item(node.body, item), node.text)

    def _with_item(self, body: syntax.Script, item: object) -> list[object]:
        before = self.variables.get("_")
        self.variables["_"] = item
        try:
            return self._gathered(self._script(body))
        finally:
            self.variables["_"] = before

    def _unary(self, node: syntax.Unary) -> object:
        return operators.unary(node.operator, self.value(node.operand))

    def _binary(self, node: syntax.Binary) -> object:
        chain = [node]
        while isinstance(chain[-1].left, syntax.Binary):
            chain.append(chain[-1].left)
        left = self.value(chain[-1].left)
        for link in reversed(chain):
            try:
                left = self._charged(self._combined(link, left))
            except ShellError as error:
                raise error.at(link.line, link.column) from None
        return left

    def _combined(self, node: syntax.Binary, left: object) -> object:
        if node.operator == "and":
            return truth(left) and truth(self.value(node.right))
        if node.operator == "or":
            return truth(left) or truth(self.value(node.right))
        if node.operator == "xor":
            return truth(left) != truth(self.value(node.right))
        return operators.binary(node.operator, left, self.value(node.right))


def _collapsed(found: list[object]) -> object:
    """Nothing, one object or a list, as PowerShell gives what a pipeline put out."""
    return None if not found else found[0] if len(found) == 1 else found


def _enumerated(value: object) -> list[object]:
    return [None] if value is None else entries(value)


_STATEMENTS: dict[type, Callable[[Any, Any], Iterator[object]]] = {
    syntax.Script: Interpreter._script,
    syntax.Assignment: Interpreter._assignment,
    syntax.If: Interpreter._if,
    syntax.ForEach: Interpreter._for_each,
    syntax.Pipeline: Interpreter._pipeline,
}
_EXPRESSIONS: dict[type, Callable[[Any, Any], object]] = {
    syntax.Literal: lambda self, node: node.value,
    syntax.Text: Interpreter._text,
    syntax.Variable: Interpreter._variable,
    syntax.Member: Interpreter._member,
    syntax.Method: Interpreter._method,
    syntax.Index: Interpreter._index,
    syntax.ListOf: Interpreter._list,
    syntax.Group: Interpreter._group,
    syntax.Sub: Interpreter._sub,
    syntax.Array: Interpreter._array,
    syntax.Table: Interpreter._table,
    syntax.Block: Interpreter._block,
    syntax.Unary: Interpreter._unary,
    syntax.Binary: Interpreter._binary,
}
