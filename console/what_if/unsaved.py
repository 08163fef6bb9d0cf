"""Try before saving: the configuration that the entries of a form would make, by the form's own way of saving them.

The form's page is asked to save, and all of it is taken back: whatever saving checks, and makes of the entries, counts.
"""

from __future__ import annotations

from copy import copy
from typing import Any

from django.http import HttpRequest, QueryDict
from django.urls import Resolver404, resolve

from console.commands.show_commands import without_messages
from console.publishing.actions import tried
from console.publishing.compile import compile_snapshot
from transport.config.snapshot import Snapshot


def would_be(request: HttpRequest, path: str, entries: str) -> Snapshot | None:
    """`path`: of a page that `may_be_tried`; `entries`: what its form would send, as in a query string. None when it
    would not be saved. Raises PermissionDenied for whoever may not save it, and Http404.
    """
    view, args, kwargs = _page(path)
    if view is None:
        return None
    saving: Any = copy(request)
    saving.path = saving.path_info = path
    saving.POST = QueryDict(entries)
    with tried():
        response = without_messages(saving, lambda: view(saving, *args, **kwargs))
        found = compile_snapshot(0) if response.status_code == 302 else None
    return found


def _page(path: str) -> tuple[Any, Any, Any]:
    try:
        found = resolve(path)
    except Resolver404:
        return None, (), {}
    may = getattr(getattr(found.func, "view_class", None), "may_be_tried", False)
    return (found.func if may else None), found.args, found.kwargs
