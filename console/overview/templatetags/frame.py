"""What stands around every page: `{% load frame %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.utils import timezone

from console import navigation
from console.actors import Actor
from console.overview import attention
from console.publishing import queries as publishing
from console.publishing.restore import WRITERS

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


@register.inclusion_tag("publishing/strips.html", takes_context=True)
def strips(context: Context) -> dict[str, Any]:
    """What holds for a time only, above each page."""
    trial = publishing.trial()
    if trial is None:
        return {}
    left = max(0, int((trial.until - timezone.now()).total_seconds()))
    may_end = Actor.of(context["request"].user).may(*WRITERS)
    return {"trial": trial, "time_left": f"{left // 60}:{left % 60:02}", "may_end": may_end}
