"""PURE. What our own how-tos are written in, as HTML: headings, paragraphs, lists, tables, code, emphasis, links."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_ITEM = re.compile(r"( *)(?:[-*]|(\d+)\.) +(.*)")
_INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*|(!?)\[([^\[\]]*)\]\(([^)]+)\)")
_FENCE = "```"

Links = Callable[[str], str]
"""What a link in the text leads to here; empty: nowhere."""


def html(text: str, links: Links) -> SafeString:
    return mark_safe("\n".join(_blocks(text.splitlines(), links)))


def _blocks(lines: list[str], links: Links) -> Iterator[str]:
    rest = lines
    while rest:
        line = rest[0]
        if not line.strip():
            rest = rest[1:]
            continue
        for begins, make in _KINDS:
            if begins(line):
                made, rest = make(rest, links)
                yield made
                break


def _heading(lines: list[str], links: Links) -> tuple[str, list[str]]:
    marks, _space, text = lines[0].partition(" ")
    level = min(len(marks) + 1, 4)
    return f"<h{level}>{_inline(text, links)}</h{level}>", lines[1:]


def _fenced(lines: list[str], links: Links) -> tuple[str, list[str]]:
    inner, end = lines[1:], next((at for at, line in enumerate(lines[1:]) if line.startswith(_FENCE)), len(lines) - 1)
    return _code(inner[:end]), inner[end + 1 :]


def _indented(lines: list[str], links: Links) -> tuple[str, list[str]]:
    end = next((at for at, line in enumerate(lines) if line.strip() and not line.startswith("    ")), len(lines))
    return _code([line[4:] for line in lines[:end]]), lines[end:]


def _code(lines: list[str]) -> str:
    return f'<pre tabindex="0"><code>{escape(chr(10).join(lines).rstrip())}</code></pre>'


def _list(lines: list[str], links: Links) -> tuple[str, list[str]]:
    """An item goes on in lines that are further in than its mark."""
    first = _ITEM.match(lines[0])
    assert first
    kind, items, at = "ol" if first[2] else "ul", list[list[str]](), 0
    while at < len(lines):
        line, found = lines[at], _ITEM.match(lines[at])
        if found and not found[1]:
            items.append([found[3]])
        elif not line.strip() or line.startswith("  "):
            items[-1].append(line[3 if kind == "ol" else 2 :])
        else:
            break
        at += 1
    inner = "".join(f"<li>{''.join(_blocks(item, links))}</li>" for item in items)
    return f"<{kind}>{inner}</{kind}>", lines[at:]


def _table(lines: list[str], links: Links) -> tuple[str, list[str]]:
    end = next((at for at, line in enumerate(lines) if not line.startswith("|")), len(lines))
    rows = [[_inline(cell.strip(), links) for cell in line.strip("|").split("|")] for line in lines[:end]]
    head = "".join(f'<th scope="col">{cell}</th>' for cell in rows[0])
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows[2:])
    table = f'<table class="rows stacks"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="table-scroll" tabindex="0">{table}</div>', lines[end:]


def _paragraph(lines: list[str], links: Links) -> tuple[str, list[str]]:
    end = next((at for at, line in enumerate(lines) if at and (not line.strip() or _begins_another(line))), len(lines))
    return f"<p>{_inline(' '.join(line.strip() for line in lines[:end]), links)}</p>", lines[end:]


def _begins_another(line: str) -> bool:
    return line.startswith(("#", "|", _FENCE)) or bool(_ITEM.match(line))


def _inline(text: str, links: Links) -> str:
    parts, at = [], 0
    for found in _INLINE.finditer(text):
        parts += [escape(text[at : found.start()]), _marked(found, links)]
        at = found.end()
    return "".join([*parts, escape(text[at:])])


def _marked(found: re.Match[str], links: Links) -> str:
    code, strong, emphasis, picture, words, target = found.groups()
    if code is not None:
        return f"<code>{escape(code)}</code>"
    if strong is not None:
        return f"<strong>{_inline(strong, links)}</strong>"
    if emphasis is not None:
        return f"<em>{_inline(emphasis, links)}</em>"
    url = "" if picture else links(target)
    return f'<a href="{escape(url)}">{_inline(words, links)}</a>' if url else _inline(words, links)


_KINDS: tuple[tuple[Callable[[str], bool], Callable[[list[str], Links], tuple[str, list[str]]]], ...] = (
    (lambda line: line.startswith("#"), _heading),
    (lambda line: line.startswith(_FENCE), _fenced),
    (lambda line: line.startswith("    "), _indented),
    (lambda line: line.startswith("|"), _table),
    (lambda line: bool(_ITEM.match(line)) and not line.startswith(" "), _list),
    (lambda line: True, _paragraph),
)
