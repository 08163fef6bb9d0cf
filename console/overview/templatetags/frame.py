"""What stands around every page: `{% load frame %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from console import clock, navigation
from console.actors import Actor
from console.crud.schema import inside
from console.drafts import queries as drafts
from console.drafts.actions import WRITERS as ACTIVATE
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
    """What is saved and where it is in force, for the top bar; a draft is nowhere."""
    with inside(""):
        found = _revision_state()
    return found | {"draft": publishing.draft()}


def _revision_state() -> dict[str, Any]:
    transports = publishing.running()
    state, found = publishing.in_force(transports), publishing.listening_problems(transports)
    general, problems = "" in found, len(found.keys() - {""})
    tone = "good" if state.everywhere and not found else "bad" if not state.running else "warning"
    counted = attention.counted(state.number)
    return {"state": state, "problems": problems, "general": general, "tone": tone, "attention": counted}


@register.inclusion_tag("overview/strips.html", takes_context=True)
def strips(context: Context) -> dict[str, Any]:
    """What holds for a time only, and the draft in which the reader works, above each page."""
    trial, draft = publishing.trial(), publishing.draft()
    actor = Actor.of(context["request"].user)
    found: dict[str, Any] = {"trial": trial, "draft": draft}
    if trial:
        left = max(0, int((trial.until - clock.now()).total_seconds()))
        found |= {"time_left": f"{left // 60}:{left % 60:02}", "may_end": actor.may(*WRITERS)}
    if draft:
        found |= {"changes": drafts.changes(draft), "may_activate": actor.may(*ACTIVATE)}
    return found
