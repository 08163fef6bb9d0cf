"""What the console says, found in the code: calls of gettext, templates, and what is translated where it is shown.

The transport knows no language, and some words of the console are written down or said to scripts as well. Those, which
`console/crud/said.py` translates, are every text in the files of `TRANSPORT` and `CONSOLE` that reads as words, and the
labels of the transport's tables.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from django.utils.translation.template import templatize

from console.crud.said import PLACE
from transport.config.labelled import Labelled
from transport.config.providers import PRESETS
from transport.config.setting import settings
from transport.smtp.envelope import TITLES
from transport.smtp.replies import GRADES

ROOT = Path(__file__).resolve().parent.parent.parent
TRANSPORT = [
    "transport/config/*.py",
    "transport/receive/{exposure,rules}.py",
    "transport/send/{choice,link,provider_replies,pulling,sign_in_replies,sts,tls_policy,tls_report}.py",
    "transport/deliver/{accounts,commands,pacing,probe,sign_in,tls_outlook,windows}.py",
    "transport/shell/clients/{dns_circuit,listeners,shared_counts,tls_contexts}.py",
    "transport/shell/{report,feeds/config_feed,journal/journal}.py",
]
CONSOLE = [
    "console/acme/{answers,authority,dns_hooks,dns_updates,verdict,work}.py",
    "console/actors.py",
    "console/*/published.py",
    "console/connectors/{mail_route,relay_restrictions,warnings}.py",
    "console/directory/{addresses,recipient_list}.py",
    "console/domains/actions.py",
    "console/moving_in/*.py",
    "console/processes/queries.py",
    "console/protection/actions.py",
    "console/publishing/{relay_guard,restore,settings_rows,single_row}.py",
    "console/transport_settings/actions.py",
]
OF_NO_PAGE = {"bounds.py", "document.py"}
CALLS = {"gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "ngettext": 2, "ngettext_lazy": 2}
IN_CONTEXT = {"pgettext": 1, "pgettext_lazy": 1, "npgettext": 2}
IN_TEMPLATE = re.compile(
    r"\b(?:n?gettext|_|np?gettext|pgettext)\((?:u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"),?\s*)+"
)
FORMAT = re.compile(r"\{\d*(?:\.([\w.]+))?(?::[^}]*)?\}")
LEAST = 8
"""Characters of a form that stand in it whatever its values; one with fewer could be anything."""
WORDS = re.compile(r"[a-z]{2}.*\s|\s.*[a-z]{2}", re.DOTALL)
TECHNICAL = re.compile(
    r"""^\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|CREATE)\s | \n | %\( | %[sd] | ^[<^-]   # SQL, arguments
    | \\ | \| | did\ not\ meet | ^SmtpClientAuth | (?:credits|limit)\ exceeded          # patterns of others' replies
    | ^security\ defaults | ^Basic.*is\ not\ supported$
    | ^\d{3}\s | ^\w+:\s[a-zA-Z{]\w*\}?$ | \w\s$           # replies, fields of a policy, parts of a name""",
    re.VERBOSE,
)


@dataclass(frozen=True, order=True)
class Message:
    """One entry of a catalogue: `plural` and `context` are empty where there are none."""

    text: str
    plural: str = ""
    context: str = ""


def every_message() -> set[Message]:
    """All that is to be translated, in the code as it stands."""
    found = {message for path in ROOT.glob("console/**/*.py") for message in in_python(path.read_text(), str(path))}
    found |= {message for path in ROOT.glob("templates/**/*.html") for message in in_template(path.read_text())}
    found |= {Message(text) for text in of_transport() if text.strip()}
    found |= {Message(text) for text in of_console()}
    with_plural = {message.text for message in found if message.plural}
    return {message for message in found if message.plural or message.context or message.text not in with_plural}


def in_python(source: str, name: str = "") -> Iterator[Message]:
    """The literal arguments of every call of gettext, under whatever name it was imported."""
    tree = ast.parse(source)
    names = {alias: called for called, alias in _imported(tree)}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in names:
            yield from _of_call(names[call.func.id], call.args, f"{name}:{call.lineno}")


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for each in ast.walk(tree):
        if isinstance(each, ast.ImportFrom) and each.module == "django.utils.translation":
            yield from ((alias.name, alias.asname or alias.name) for alias in each.names)


def _of_call(called: str, arguments: list[ast.expr], place: str) -> Iterator[Message]:
    texts = [each.value if isinstance(each, ast.Constant) else None for each in arguments]
    if called in CALLS and isinstance(texts[0], str):
        yield Message(texts[0], _second(texts, place) if CALLS[called] == 2 else "")
    elif called in CALLS and CALLS[called] == 2:
        raise ValueError(f"{place}: both forms of {called} must stand there as they are")
    elif called in IN_CONTEXT:
        context, text, *rest = texts
        yield Message(str(text), _second([text, *rest], place) if IN_CONTEXT[called] == 2 else "", str(context))


def _second(texts: Sequence[object], place: str) -> str:
    if not isinstance(texts[1], str):
        raise ValueError(f"{place}: the plural must stand there as it is")
    return texts[1]


def in_template(source: str) -> Iterator[Message]:
    """What `translate`, `blocktranslate` and `_()` of a template hold."""
    for match in IN_TEMPLATE.finditer(templatize(source)):
        call = ast.parse(match[0].rstrip(", ") + ")", mode="eval").body
        assert isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        yield from _of_call(
            call.func.id.replace("_", "gettext") if call.func.id == "_" else call.func.id, call.args, ""
        )


def of_transport() -> Iterator[str]:
    """Labels of the tables, and every text of the files above that reads as words; of one with values, its form."""
    yield from (*GRADES.values(), *TITLES.values(), *(one.place.label for one in PRESETS if one.place))
    for path in (path for path in _files(TRANSPORT) if path.name not in OF_NO_PAGE):
        yield from (text for text in _words(ast.parse(path.read_text())) if not TECHNICAL.search(text))
        yield from _labels(importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)))


def of_console() -> Iterator[str]:
    """Every text of the files above that reads as words and is not marked."""
    for path in _files(CONSOLE):
        tree = ast.parse(path.read_text())
        marked = {message.text for message in in_python(path.read_text())}
        yield from (text for text in _words(tree) if text not in marked and not TECHNICAL.search(text))


def _files(patterns: list[str]) -> Iterator[Path]:
    for one in (one for each in patterns for one in _alternatives(each)):
        yield from sorted(ROOT.glob(one))


def _alternatives(pattern: str) -> list[str]:
    start, brace, rest = pattern.partition("{")
    names, _brace, end = rest.partition("}")
    return [f"{start}{name}{end}" for name in names.split(",")] if brace else [pattern]


def _labels(module: object) -> Iterator[str]:
    for each in vars(module).values():
        if isinstance(each, type) and issubclass(each, Labelled):
            yield from (member.label for member in each)
        elif isinstance(each, type) and issubclass(each, msgspec.Struct):
            for setting in settings(each).values():
                yield from (setting.label, setting.help, setting.section, setting.group, setting.nothing)
                yield from (str(getattr(one, "label", one.value)) for one in setting.choices or ())


def _words(tree: ast.Module) -> Iterator[str]:
    nobody_reads = {id(part) for each in ast.walk(tree) for part in _not_shown(each)}
    for each in ast.walk(tree):
        text = "" if id(each) in nobody_reads else _text(each)
        if WORDS.search(PLACE.sub("{}", text)) and (len(PLACE.sub("", text)) >= LEAST or not PLACE.search(text)):
            yield text


def _text(each: ast.AST) -> str:
    if isinstance(each, ast.JoinedStr):
        return form_of(each)
    return _named(each.value) if isinstance(each, ast.Constant) and isinstance(each.value, str) else ""


def _named(text: str) -> str:
    """What `str.format` fills, like an f-string: `its cost, {0.space.cost}, is higher` has the value `cost`."""
    return FORMAT.sub(lambda match: "{{{}}}".format((match[1] or "value").rpartition(".")[2].lower()), text)


def _not_shown(each: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, the source of a setting, patterns, keys of a look-up, and parts of a text put together."""
    if isinstance(each, ast.Expr):
        yield each.value
    elif isinstance(each, ast.JoinedStr):
        yield from (part for part in ast.walk(each) if part is not each)
    elif isinstance(each, ast.Dict):
        yield from (key for key in each.keys if key is not None)
    elif isinstance(each, ast.Set):
        yield from each.elts
    elif isinstance(each, ast.Call):
        called = ast.unparse(each.func)
        unread = each.args[5:6] if called == "Setting" else each.args if called.startswith("re.") else []
        yield from (part for one in unread for part in ast.walk(one))


def form_of(text: ast.JoinedStr) -> str:
    """`There is a connector “{name}” already`: each value under the last name in what gives it, a second numbered."""
    names: dict[str, int] = {}
    return "".join(str(part.value) if isinstance(part, ast.Constant) else _place(part, names) for part in text.values)


def _place(part: ast.expr, seen: dict[str, int]) -> str:
    assert isinstance(part, ast.FormattedValue)
    words = [
        each for each in re.findall(r"[A-Za-z_]+", ast.unparse(part.value)) if each not in ("str", "value", "join")
    ]
    name = words[-1].strip("_").lower() if words else "value"
    seen[name] = seen.get(name, 0) + 1
    return "{%s}" % (name if seen[name] == 1 else f"{name}{seen[name]}")
