"""The public page: why a message was refused, for those who cannot sign in here."""

from __future__ import annotations

from csp.constants import NONE
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from console.accounts.rate_limit import wait_before_looking
from console.tracking import references
from transport.config import bounds

LONGEST = bounds.REFERENCE_LOOKS.octets or 0


@login_not_required
@csp_update({"script-src": [NONE]})
@require_safe
def explain(request: HttpRequest, reference: str = "") -> HttpResponse:
    """200 with the words, 404 for all that there are none for, 429 who asks too often."""
    wait = wait_before_looking(request.META.get("REMOTE_ADDR", ""))
    text = (reference or request.GET.get("reference", ""))[:LONGEST]
    explained = references.explained(text) if text and not wait else None
    if explained and not reference:
        return redirect("refused", text.strip().rstrip("/").rpartition("/")[2])
    status = 429 if wait else 200 if explained or not text else 404
    context = {"explained": explained, "asked": text, "wait": wait}
    response = render(request, "tracking/refused.html", context, status=status)
    response["X-Robots-Tag"] = "noindex, nofollow"
    if wait:
        response["Retry-After"] = str(wait)
    add_never_cache_headers(response)
    return response
