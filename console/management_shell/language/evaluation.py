"""What a script does: blocks, assignments, expressions. Statements, commands and functions have files of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from console.management_shell.language import (
    commands,
    functions,
    members,
    methods,
    operators,
    statements,
    statics,
    syntax,
    types,
)
from console.management_shell.language.arithmetic import bounded
from console.management_shell.language.errors import ShellError, Stop
from console.management_shell.language.leaving import Leaving
from console.management_shell.language.runspace import Runspace
from console.management_shell.language.values import Record, ScriptBlock, collapsed, entries, joined, text, truth


class Interpreter(Runspace):
    """Runs statements for a host."""

    def run(self, statement: syntax.Node) -> Iterator[object]:
        """What a statement puts out, one object after the other. Raises ShellError only; `left` says that it was the
        script's last.
        """
        try:
            yield from self.statement(statement)
        except ShellError as error:
            raise error.at(statement.line, statement.column) from None
        except Leaving:
            # As in PowerShell, `break` and `continue` without a loop around them end the script.
            self.left = True
        except RecursionError:
            raise Stop("The script is nested too deeply.", line=statement.line, column=statement.column) from None

    def statement(self, node: syntax.Node) -> Iterator[object]:
        self.host.tick()
        return _STATEMENTS[type(node)](self, node)

    def value(self, node: syntax.Node) -> Any:
        self.host.tick()
        try:
            return _EXPRESSIONS[type(node)](self, node)
        except ShellError as error:
            raise error.at(node.line, node.column) from None

    # ---- statements

    def _assignment(self, node: syntax.Assignment) -> Iterator[object]:
        self._assigned(node)
        return iter(())

    def _assigned(self, node: syntax.Assignment) -> object:
        new = self.result(node.value)
        try:
            if node.operator != "=":
                new = operators.binary(node.operator[0], self.value(node.target), new)
            self._assign(node.target, new)
        except ShellError as error:
            raise error.at(node.line, node.column) from None
        return new

    def _assign(self, target: syntax.Node, new: object) -> None:
        if isinstance(target, syntax.Variable):
            self.variables.write(target.name, new)
        elif isinstance(target, syntax.Cast):
            self._assign(target.operand, types.convert(target.type, new))
        elif isinstance(target, syntax.ListOf):
            self._assign_each(target.items, entries(new))
        elif isinstance(target, syntax.Member):
            members.assign(self.value(target.of), self._name(target), new)
        elif isinstance(target, syntax.Index):
            members.assign_at(self.value(target.of), self.value(target.at), new)

    def _assign_each(self, targets: tuple[syntax.Node, ...], values: list[object]) -> None:
        """`$a, $b = …`: the last one gets all that is left."""
        for place, target in enumerate(targets):
            last = place == len(targets) - 1
            rest = values[place:]
            self._assign(target, collapsed(rest) if last else rest[0] if rest else None)

    def result(self, node: syntax.Node) -> object:
        if isinstance(node, syntax.Assignment):
            return self._assigned(node)
        stages = node.stages if isinstance(node, syntax.Pipeline) else ()
        if len(stages) == 1 and not isinstance(stages[0], syntax.Command):
            return self.value(stages[0])
        return collapsed(self.gathered(self.statement(node)))

    # ---- expressions

    def _text(self, node: syntax.Text) -> str:
        parts = (part if isinstance(part, str) else text(self.value(part)) for part in node.parts)
        return self.charged(joined("", parts))

    def _variable(self, node: syntax.Variable) -> object:
        return self.variables.read("_" if node.name.lower() == "psitem" else node.name)

    def _member(self, node: syntax.Member) -> object:
        value, name = self.value(node.of), self._name(node)
        found = members.member(value, name)
        if found is None:
            self._say_unknown(value[0] if isinstance(value, list) and value else value, name)
        return found

    def _name(self, node: syntax.Member) -> str:
        return node.name if isinstance(node.name, str) else text(self.value(node.name))

    def _say_unknown(self, value: object, name: str) -> None:
        """A property that objects of a cmdlet, and texts, which stand for more in Exchange, do not have counts as
        nothing, as in PowerShell; it is said once."""
        of_cmdlet = isinstance(value, Record) and value.columns
        if not (of_cmdlet or isinstance(value, str)) or members.spelled(value, name) is not None:
            return
        unknown = f"{types.name_of(value)}.{name}".lower()
        if unknown not in self._unknown:
            self._unknown.add(unknown)
            self.host.warning(f"A {types.name_of(value)} has no property '{name[:80]}': it counts as nothing.")

    def _method(self, node: syntax.Method) -> object:
        return self.charged(methods.call(self.value(node.of), node.name, [self.value(each) for each in node.arguments]))

    def _static(self, node: syntax.Static) -> object:
        given = None if node.arguments is None else [self.value(each) for each in node.arguments]
        return self.charged(statics.static(self.host, node.type, node.name, given))

    def _cast(self, node: syntax.Cast) -> object:
        return self.charged(types.convert(node.type, self.value(node.operand)))

    def _of_type(self, node: syntax.OfType) -> object:
        value = self.value(node.operand)
        if node.operator == "as":
            return types.as_type(node.type, value)
        return types.is_type(node.type, value) == (node.operator == "is")

    def _step(self, node: syntax.Step) -> object:
        old = self.value(node.target)
        new = operators.binary(node.operator, old, 1)
        self._assign(node.target, new)
        return new if node.before else old

    def _index(self, node: syntax.Index) -> object:
        return members.index(self.value(node.of), self.value(node.at))

    def _list(self, node: syntax.ListOf) -> list[object]:
        return bounded([self.value(each) for each in node.items])

    def _group(self, node: syntax.Group) -> object:
        return self.result(node.statement)

    def _sub(self, node: syntax.Sub) -> object:
        return collapsed(self.gathered(self.script(node.body)))

    def _array(self, node: syntax.Array) -> list[object]:
        return self.gathered(self.script(node.body))

    def _table(self, node: syntax.Table) -> dict[str, object]:
        return {key: self.result(value) for key, value in node.entries}

    def _block(self, node: syntax.Block) -> ScriptBlock:
        return ScriptBlock(lambda item: self._with_item(node.body, item), node.text)

    def _with_item(self, body: syntax.Script, item: object) -> list[object]:
        with self.current(item):
            return self.gathered(statements.ended(self.script(body)))

    def _unary(self, node: syntax.Unary) -> object:
        return operators.unary(node.operator, self.value(node.operand))

    def _binary(self, node: syntax.Binary) -> object:
        chain = [node]
        while isinstance(chain[-1].left, syntax.Binary):
            chain.append(chain[-1].left)
        left = self.value(chain[-1].left)
        for link in reversed(chain):
            try:
                left = self.charged(self._combined(link, left))
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
        right = self.value(node.right)
        if node.operator in ("match", "imatch", "cmatch") and not isinstance(left, list):
            found = operators.groups(left, right, node.operator == "cmatch")
            if found is not None:
                self.variables["matches"] = self.charged(found)
            return found is not None
        return operators.binary(node.operator, left, right)


_STATEMENTS: dict[type, Callable[[Any, Any], Iterator[object]]] = {
    syntax.Script: Runspace.script,
    syntax.Assignment: Interpreter._assignment,
    syntax.Pipeline: commands.pipeline,
    **statements.STATEMENTS,
    **functions.DECLARATIONS,
}
_EXPRESSIONS: dict[type, Callable[[Any, Any], object]] = {
    syntax.Literal: lambda self, node: node.value,
    syntax.Text: Interpreter._text,
    syntax.Variable: Interpreter._variable,
    syntax.Member: Interpreter._member,
    syntax.Method: Interpreter._method,
    syntax.Static: Interpreter._static,
    syntax.Cast: Interpreter._cast,
    syntax.OfType: Interpreter._of_type,
    syntax.Step: Interpreter._step,
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
