"""A server that a page needs is away: the page says which one, what that means and what to do, and keeps what was
typed. Once one request has waited in vain the next ones do not, for a moment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

import psycopg
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError as BrokerError
from redis import RedisError

from console.crud.secret_fields import is_secret

RETRY_AFTER = 5
"""Seconds after which a browser looks again."""
NOT_ASKED = 2.0
"""Seconds in which nobody asks a database again that has just been away: each would wait for it, and hold a thread."""
LONGEST_KEPT = 1_000_000
"""Characters of entries that a page carries along."""
UNNEEDING = frozenset({"processes:healthz"})
"""Pages that say for themselves what is away."""
_TOKEN = "csrfmiddlewaretoken"


@dataclass(frozen=True)
class Server:
    """Who is away, what goes on without it, and what somebody can do about it."""

    name: str
    meaning: str | Promise
    remedy: str | Promise


POSTGRESQL = Server(
    "PostgreSQL",
    _("Mail is accepted all the same: it waits in the journal and is delivered as soon as the database is back."),
    _("A PostgreSQL that Gatepost started is started again by itself. Another one: look at it and at DATABASE_URL."),
)
VALKEY = Server(
    "Valkey (Redis)",
    _("Mail is accepted all the same: it waits and is delivered as soon as it is back."),
    _("A Valkey that Gatepost started is started again by itself. Another one: look at it and at REDIS_URL."),
)


def server_of(error: BaseException | None) -> Server | None:
    """Who is away, if that is what an error says. A statement that failed by itself has a code of PostgreSQL's; of
    lost connections only those of class 08 and 57P (https://www.postgresql.org/docs/current/errcodes-appendix.html).
    """
    if isinstance(error, (OperationalError, InterfaceError)):
        error = error.__cause__ or psycopg.OperationalError()
    if isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
        return POSTGRESQL if (error.sqlstate or "08")[:2] == "08" or (error.sqlstate or "")[:3] == "57P" else None
    return VALKEY if isinstance(error, (RedisError, BrokerError)) else None


class Away:
    """Middleware. Outermost of those that ask the database; `away_until` is the clock's time (seconds)."""

    away_until = 0.0

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if monotonic() < Away.away_until and _needs_database(request):
            return page(request, POSTGRESQL)
        return self.get_response(request)


def noticed(server: Server) -> None:
    """The next requests need not find out for themselves."""
    if server is POSTGRESQL:
        Away.away_until = monotonic() + NOT_ASKED


def _needs_database(request: HttpRequest) -> bool:
    try:
        return resolve(request.path_info).view_name not in UNNEEDING
    except Resolver404:
        return True


def page(request: HttpRequest, server: Server) -> HttpResponse:
    """503 (RFC 9110 §15.6.4). A page that was only read is read again by itself; entries wait for a button."""
    sent = request.POST if request.method == "POST" else QueryDict()
    kept, left_out = _kept(sent)
    context = {"server": server, "kept": kept, "left_out": left_out or bool(request.method == "POST" and request.FILES)}
    context |= {"sent": request.method == "POST", "path": request.get_full_path(), "code": 503}
    answer = HttpResponse(render_to_string("errors/away.html", context), status=503)
    answer["Retry-After"], answer["Cache-Control"] = str(RETRY_AFTER), "no-store"
    if request.method == "GET" and not request.headers.get("HX-Request"):
        answer["Refresh"] = str(RETRY_AFTER)
    return answer


def _kept(sent: QueryDict) -> tuple[list[tuple[str, str]], bool]:
    """The entries, without secrets, and whether some are left out; none of more than a page should carry."""
    every = [(name, str(value)) for name, values in sent.lists() for value in values]
    kept = [(name, value) for name, value in every if name == _TOKEN or not is_secret(name)]
    if sum(len(value) for _name, value in kept) > LONGEST_KEPT:
        return [], True
    return kept, any(value for name, value in every if name != _TOKEN and is_secret(name))
