"""Tags for Show commands: `{% load commands %}`."""

from __future__ import annotations

from typing import Any

from django import template

from console.commands import queries
from console.commands.show_commands import MOST_LINES, TAG, TARGET

register = template.Library()


@register.filter
def is_commands(message: Any) -> bool:
    """Whether a message is the commands of what was done."""
    return TAG in (message.extra_tags or "").split()


@register.filter
def as_script(lines: list[str]) -> str:
    """Commands, one each line."""
    return "\n".join(lines)


@register.inclusion_tag("commands/of.html")
def commands_of(number: int) -> dict[str, Any]:
    """What a revision amounts to, whoever saved it."""
    lines = queries.commands_of(number)
    return {"lines": lines[:MOST_LINES], "more": max(0, len(lines) - MOST_LINES)}


@register.inclusion_tag("commands/here.html", takes_context=True)
def commands_here(context: Any) -> dict[str, Any]:
    """On the form of a view with `shows_commands`: what the entries amount to, while they are made."""
    match = context["request"].resolver_match
    shows = getattr(getattr(match.func, "view_class", None), "shows_commands", False) if match else False
    return {"shows": shows and context.get("may_write", True), "target": TARGET, "url": context["request"].path}
