"""Trace → Relay proof: can anybody relay, who, through what and to whom; and the same as a file for an auditor."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from console import clock
from console.crud.access import RoleRequired
from console.crud.streaming import small_file
from console.relay_proof import queries, words
from transport.config.document import DocumentError

ON_A_PAGE = 50


class ProofPage(RoleRequired):
    """Of the configuration as it is saved, or of `?revision=`."""

    title = _("Relay proof")
    purpose = _("Can somebody who has not proved who they are send mail through this server to somebody elsewhere?")

    def get(self, request: HttpRequest) -> HttpResponse:
        found = _asked(request.GET.get("revision", ""))
        context: dict[str, Any] = {"title": self.title, "purpose": self.purpose, "found": found}
        if found is not None:
            page = Paginator(found.proof.ways, ON_A_PAGE).get_page(request.GET.get("page"))
            pages = list(page.paginator.get_elided_page_range(page.number))
            context |= {"page": page, "pages": pages, "exemptions": queries.exemptions(found, page)} | _counted(found)
        return render(request, "relay_proof/page.html", context)


class AuditorsPage(RoleRequired):
    """A file that needs nothing but a browser."""

    def get(self, request: HttpRequest, revision: int) -> HttpResponse:
        found = _asked(str(revision))
        if found is None:
            raise Http404
        every = queries.exemptions(found, found.proof.ways)
        context = {"found": found, "exemptions": every, "made_at": clock.now(), "by": self.actor.name}
        page = render_to_string("relay_proof/auditor.html", context | _counted(found), request)
        return small_file(page, f"relay-proof-revision-{revision}.html", "text/html; charset=utf-8")


def _asked(number: str) -> queries.Proved | None:
    """Raises Http404 for a revision that is not there, or that cannot be read."""
    newest = queries.newest()
    if not number or (newest is not None and number == str(newest.revision.number)):
        return newest
    try:
        found = queries.of(int(number)) if number.isdecimal() and len(number) < 10 else None
    except DocumentError:
        found = None
    if found is None:
        raise Http404
    return found


def _counted(found: queries.Proved) -> dict[str, Any]:
    return {
        "counted": list(words.counted(found.snapshot)),
        "not_counted": words.NOT_COUNTED,
    }
