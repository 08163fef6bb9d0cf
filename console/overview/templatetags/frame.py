"""What stands around every page: `{% load frame %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from console import navigation
from console.actors import Actor
from console.overview import attention
from console.publishing import queries as publishing

register = template.Library()


@register.inclusion_tag("overview/navigation.html", takes_context=True)
def feature_pane(context: Context) -> dict[str, Any]:
    """The groups of links that the signed-in role may use."""
    request = context["request"]
    return {"groups": navigation.groups_for(Actor.of(request.user), request.path)}


@register.inclusion_tag("overview/revision_state.html")
def revision_state() -> dict[str, Any]:
    """What is saved and where it is in force, for the top bar."""
    transports = publishing.running()
    state, found = publishing.in_force(transports), publishing.listening_problems(transports)
    general, problems = "" in found, len(found.keys() - {""})
    tone = "good" if state.everywhere and not found else "bad" if not state.running else "warning"
    counted = attention.counted(state.number)
    return {"state": state, "problems": problems, "general": general, "tone": tone, "attention": counted}
