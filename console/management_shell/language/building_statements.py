"""lark's tree → ours, for statements and functions."""

from __future__ import annotations

from typing import Any, TypedDict

from lark import Token

from console.management_shell.language import syntax
from console.management_shell.language.errors import ShellError

Children = list[Any]


class Place(TypedDict):
    """Where a node stands, counted from 1."""

    line: int
    column: int


_TARGETS = (syntax.Variable, syntax.Member, syntax.Index)


class StatementBuilder:
    """A method for each rule of a statement."""

    def assignment(self, children: Children, place: Place) -> syntax.Node:
        target, sign, value = children
        for each in target.items if isinstance(target, syntax.ListOf) else (target,):
            while isinstance(each, syntax.Cast):
                each = each.operand
            if not isinstance(each, _TARGETS) and not (isinstance(each, syntax.Literal) and each.value is None):
                raise ShellError("Only a variable, a property or a key can be given a value: $name = …")
        return syntax.Assignment(target, str(sign), value, **place)

    def if_statement(self, children: Children, place: Place) -> syntax.Node:
        rest = _nodes(children)
        clauses = tuple(zip(rest[0::2], rest[1::2], strict=False))
        return syntax.If(clauses, rest[-1] if len(rest) % 2 else None, **place)

    def foreach_statement(self, children: Children, place: Place) -> syntax.Node:
        _, name, source, body = children
        return syntax.ForEach(variable_name(name), source, body, **place)

    def for_statement(self, children: Children, place: Place) -> syntax.Node:
        _, begin, condition, turn, body = children
        return syntax.For(begin, condition, turn, body, **place)

    def turn(self, children: Children, place: Place) -> syntax.Node | None:
        return children[0] if children else None

    def while_statement(self, children: Children, place: Place) -> syntax.Node:
        condition, body = _nodes(children)
        return syntax.While(condition, body, **place)

    def do_statement(self, children: Children, place: Place) -> syntax.Node:
        body, condition = _nodes(children)
        until = any(isinstance(child, Token) and child.type == "DO_UNTIL" for child in children)
        return syntax.While(condition, body, True, until, **place)

    def switch_statement(self, children: Children, place: Place) -> syntax.Node:
        options = tuple(str(child)[1:] for child in children if isinstance(child, Token) and child.type == "PARAMETER")
        subject, cases = _nodes(children)
        return syntax.Switch(options, subject, cases, **place)

    def case(self, children: Children, place: Place) -> tuple[syntax.Node | None, syntax.Script]:
        label, body = children
        return None if isinstance(label, Token) else label, body

    def try_statement(self, children: Children, place: Place) -> syntax.Node:
        body, *rest = _nodes(children)
        last = rest.pop() if rest and isinstance(rest[-1], syntax.Script) else None
        if not rest and last is None:
            raise ShellError("After try { … } comes catch { … } or finally { … }.")
        return syntax.Try(body, tuple(rest), last, **place)

    def catching(self, children: Children, place: Place) -> tuple[tuple[str, ...], syntax.Script]:
        *types, body = children
        return tuple(map(type_name, types)), body

    def leaving(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Leave(str(children[0]).lower(), children[1] if len(children) > 1 else None, **place)

    # ---- functions

    def function(self, children: Children, place: Place) -> syntax.Node:
        _, name, *formals, body = children
        return syntax.Function(str(name).rpartition(":")[2], formals[0] if formals else (), body, **place)

    def param_block(self, children: Children, place: Place) -> syntax.Node:
        (attributes, types), _, formals = children
        if types:
            raise ShellError(f"[{types[0]}] means nothing before param.")
        return syntax.Params(attributes, formals, **place)

    def formals(self, children: Children, place: Place) -> tuple[syntax.Formal, ...]:
        names = [each.name.lower() for each in children]
        if len(set(names)) < len(names):
            raise ShellError("A parameter stands twice here.")
        return tuple(children)

    def formal(self, children: Children, place: Place) -> syntax.Formal:
        (attributes, types), name, *default = children
        return syntax.Formal(variable_name(name), types, attributes, default[0] if default else None, **place)

    def attributes(self, children: Children, place: Place) -> tuple[tuple[Any, ...], tuple[str, ...]]:
        types = tuple(type_name(child) for child in children if isinstance(child, Token))
        return tuple(child for child in children if isinstance(child, syntax.Attribute)), types

    def attribute(self, children: Children, place: Place) -> syntax.Attribute:
        name, *facts = children
        return syntax.Attribute(name[1:-1], tuple(facts), **place)

    def fact(self, children: Children, place: Place) -> tuple[str, syntax.Node]:
        name, *value = children
        return str(name), value[0] if value else syntax.Literal(True, **place)

    def plain_fact(self, children: Children, place: Place) -> tuple[str, syntax.Node]:
        return "", children[0]

    def phase(self, children: Children, place: Place) -> syntax.Node:
        return syntax.Phase(str(children[0]).lower(), children[1], **place)


def _nodes(children: Children) -> Children:
    """Without the words of the language."""
    return [child for child in children if not isinstance(child, Token)]


def variable_name(token: str) -> str:
    """`$name`, `${name}` → name."""
    return token[2:-1] if token.startswith("${") else token[1:]


def type_name(token: str) -> str:
    """`[System.String]` → System.String."""
    return token[1:-1]
