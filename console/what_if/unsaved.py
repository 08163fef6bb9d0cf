"""Try before saving: the configuration that the entries of a form would make, by the form's own way of saving them.

The form's page is asked to save, and all of it is taken back: whatever saving checks, and makes of the entries, counts.
"""

from __future__ import annotations

from copy import copy
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from console.commands.show_commands import without_messages
from console.publishing import queries as publishing
from console.publishing.actions import tried
from console.publishing.compile import compile_snapshot
from console.what_if import queries
from transport.config.snapshot import Snapshot

FORM, ENTRIES = "of_form", "of_entries"
"""In a question about a form that is not saved: its path, and what it would send."""


def snapshot_asked(request: HttpRequest, form: forms.Form, path: str, entries: str) -> tuple[Snapshot, str] | None:
    """The configuration that a question is about, and what it is called: that of the `revision` in its form, or what
    the entries of another form, at `path`, would make. None when there is none, and then the form says why.
    """
    if path:
        unsaved = would_be(request, path, entries)
        if unsaved is None:
            form.add_error(None, _("The form cannot be saved with these entries. Save there to read why."))
        return (unsaved, _("Unsaved changes")) if unsaved is not None else None
    try:
        snapshot = queries.revision(form.cleaned_data["revision"])
    except ValidationError as error:
        form.add_error(None, error)
        return None
    return snapshot, publishing.called(snapshot.revision)


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
