from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from django.core.paginator import Page as PageOfRows
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console import clock
from console.crud import times
from console.crud.access import RoleRequired
from console.crud.addresses import apart
from console.crud.columns import BADGE, MONO, TEXT, TIME, Badge, Column, Detail, Filter
from console.crud.counting import BoundedPaginator, WordsPaginator
from console.crud.streaming import download
from console.crud.views import CrudView
from console.tracking import actions, of_connector, queries
from console.tracking.conversation import Decision, Line, decisions, lines
from console.tracking.export import exchange_csv, series_of
from console.tracking.models import Session, short_name
from console.tracking.question import question
from console.tracking.reasons import Reason, Reasons
from console.tracking.remedies import Facts, Remedy, facts_of, remedies_for
from transport.trace.sessions import Direction

REFRESHED = 2  # seconds
LATELY, MOST_LATELY = timedelta(seconds=10), 10_000
"""For so long a list that is live counts what has begun, and no further."""
CSV = "text/csv; charset=utf-8"
SHOWN_RECIPIENTS = 2
DIRECTIONS = {Direction.RECEIVE: gettext_lazy("received"), Direction.SEND: gettext_lazy("sent")}


def outcome(session: Session) -> list[Badge]:
    """What came of a session, in words."""
    found = []
    if session.refused:
        found.append(Badge(_("%d refused") % session.refused, "bad"))
    if session.accepted:
        taken = _("%d handed over") if session.sends else _("%d queued")
        found.append(Badge(taken % session.accepted, "good"))
    if session.ended_at is None:
        found.append(Badge(_("open"), "info"))
    return found or [Badge(_("no message"), "neutral")]


def duration(session: Session) -> str:
    """How long it lasted: `120 ms`, `5.2 s`, `3 min 10 s`."""
    if session.ended_at is None:
        return ""
    seconds = max(0.0, (session.ended_at - session.started_at).total_seconds())
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def sender(session: Session) -> str:
    """The reverse-path; `<>` only where a message had none."""
    return session.sender or ("<>" if session.recipients else "")


def direction(session: Session) -> str:
    return str(DIRECTIONS[Direction(session.direction)])


def remote(session: Session) -> str:
    """The other side, by address and the name that it gave, behind an arrow that shows who began."""
    mark, words = ("→", _("to")) if session.sends else ("←", _("from"))
    arrow = format_html('<span aria-hidden="true">{}</span><span class="visually-hidden">{}</span>', mark, words)
    return format_html('{} <span class="mono">{}</span> {}', arrow, session.remote_address, session.helo)


def recipients(session: Session) -> str:
    shown = ", ".join(session.recipients[:SHOWN_RECIPIENTS])
    more = len(session.recipients) - SHOWN_RECIPIENTS
    return f"{shown} +{more}" if more > 0 else shown


def find(pk: str) -> Session:
    return get_object_or_404(Session, pk=pk.replace("\0", ""))


class LogPages(CrudView):
    """Rows are added all the time, and nobody edits them: the first page follows them, unless it is paused."""

    paginator_class = BoundedPaginator
    unsorted = gettext_lazy("Of a million rows, only the time has an order at hand. Filter by this column instead.")

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.refresh = 0 if request.GET.get("paused") or request.GET.get("page", "1") != "1" else REFRESHED

    def toolbar(self, selected: Any) -> list[Any]:
        return []


class SessionPages(LogPages):
    model = Session
    namespace = "tracking"
    noun, plural = gettext_lazy("session"), gettext_lazy("sessions")
    purpose = gettext_lazy(
        "SMTP sessions of the connectors whose protocol logging is Verbose, with clients and with next hops, and why "
        "mail was refused."
    )
    first_step = gettext_lazy("Set protocol logging to Verbose on a connector: its next sessions appear here.")
    columns = [
        Column(gettext_lazy("Time"), "started_at", TIME, sort="started_at"),
        Column(gettext_lazy("Client or next hop"), remote, TEXT),
        Column(gettext_lazy("Connector"), "connector_name", TEXT, minor=True),
        Column(gettext_lazy("Sender"), sender, TEXT, wide=True),
        Column(gettext_lazy("Recipients"), recipients, TEXT),
        Column(gettext_lazy("Outcome"), outcome, BADGE),
    ]
    details = [
        Detail(gettext_lazy("Time"), "started_at", TIME),
        Detail(gettext_lazy("Outcome"), outcome, BADGE),
        Detail(gettext_lazy("Direction"), direction),
        Detail(gettext_lazy("Connector"), "connector_name"),
        Detail(gettext_lazy("Remote"), lambda each: f"{each.remote_address} port {each.remote_port}", MONO),
        Detail(gettext_lazy("Local"), "local_endpoint", MONO),
        Detail(gettext_lazy("HELO, or name of the next hop"), "helo", MONO),
        Detail(gettext_lazy("Sender"), "sender", MONO),
        Detail(gettext_lazy("Recipients"), "recipients", "lines"),
        Detail(gettext_lazy("TLS"), lambda each: _("yes") if each.tls else _("no")),
        Detail(gettext_lazy("Duration"), duration),
        Detail(gettext_lazy("Revision"), "revision"),
    ]
    search = ["search"]
    unlogged = staticmethod(of_connector.unlogged)
    filters = [
        Filter("direction", gettext_lazy("Direction"), [(name.value, words) for name, words in DIRECTIONS.items()]),
        Filter(
            "connector", gettext_lazy("Connector"), lambda: [(name, short_name(name)) for name in queries.connectors()]
        ),
        Filter(
            "outcome",
            gettext_lazy("Outcome"),
            [
                ("refused", gettext_lazy("Something refused")),
                ("queued", gettext_lazy("Message queued")),
                ("nothing", gettext_lazy("No message")),
                ("open", gettext_lazy("Still open")),
            ],
        ),
        Filter("tls", "TLS", [("yes", gettext_lazy("With TLS")), ("no", gettext_lazy("Without TLS"))]),
        Filter("remote", gettext_lazy("Remote address"), input_type="text", words=["ip"]),
        Filter("helo", gettext_lazy("HELO or next hop"), input_type="text"),
        Filter("sender", gettext_lazy("Sender"), input_type="text", words=["from"]),
        Filter("recipient", gettext_lazy("Recipient"), input_type="text", words=["to"]),
        *times.FILTERS,
    ]
    pk_converter = "str"
    edit_url = "tracking:session"
    list_template = "tracking/list.html"
    details_template = "tracking/details.html"

    def rows(self) -> QuerySet[Session]:
        rows = queries.newest().defer(*queries.WITHOUT_EVENTS)
        return rows.filter(started_at__lte=self.paused_at) if self.paused_at else rows

    @cached_property
    def paused_at(self) -> datetime | None:
        """Since when the list stands still: `?paused=`, in Unix seconds."""
        text = self.request.GET.get("paused", "")
        return datetime.fromtimestamp(int(text), UTC) if text.isdecimal() and len(text) == 10 else None

    def list_context(self, selected: Any) -> dict[str, Any]:
        context = super().list_context(selected)
        return context | {"left_out": self._left_out(len(context["table"])), "now": int(clock.now().timestamp())}

    def _left_out(self, shown: int) -> str:
        """Of a list that stands still, how many have begun since; of one that follows a flood, how many were too many
        to be shown.
        """
        since = self.paused_at or (clock.now() - LATELY if self.refresh else None)
        if since is None:
            return ""
        n = filtered(queries.newest().filter(started_at__gt=since), self.request).order_by()[: MOST_LATELY + 1].count()
        number = _("more than %s") % f"{MOST_LATELY:,}" if n > MOST_LATELY else f"{n:,}"
        if self.paused_at:
            return _("Begun since the pause: %s. Go on to see them.") % number if n else ""
        if n <= shown:
            return ""
        words = _(
            "In the last %(seconds)d seconds %(n)s sessions have begun: the newest %(shown)d are shown. Narrow it."
        )
        return words % {"seconds": LATELY.total_seconds(), "n": number, "shown": shown}

    def paginate(self, rows: Any) -> PageOfRows[Any]:
        asked = self.asks.params
        if apart(asked.get("q", ""))[1] or any(asked.get(name) for name in queries.TEXTS if name != "q"):
            self.paginator_class = WordsPaginator
        return super().paginate(rows)

    def filtered(self, rows: QuerySet[Session]) -> QuerySet[Session]:
        return filtered(rows, self.request)

    def left(self, rows: QuerySet[Session]) -> QuerySet[Session]:
        """Told of each row by itself: an index finds what is there, not what is not."""
        for name, column in queries.TEXTS.items():
            if text := self.asked(name):
                return queries.lacking(rows, column, text)
        found: QuerySet[Session] = super().left(rows)
        return found

    def find(self, pk: str) -> Session:
        return find(pk)

    def details_context(self, selected: Session | None) -> dict[str, Any]:
        refusals = refused(selected) if selected is not None else []
        return super().details_context(selected) | {"refusals": refusals}


def filtered(rows: QuerySet[Session], request: HttpRequest) -> QuerySet[Session]:
    """The sessions that the query string asks for; the list and its download alike."""
    asked = {name: value for name in request.GET if (value := request.GET[name].replace("\0", "").strip())}
    rows = queries.with_text(rows, asked.get("q", ""))
    if asked.get("direction") in {way.value for way in Direction}:
        rows = rows.filter(direction=asked["direction"])
    if "connector" in asked:
        rows = rows.filter(connector=asked["connector"])
    if asked.get("outcome") in queries.OUTCOMES:
        rows = rows.filter(queries.OUTCOMES[asked["outcome"]])
    if asked.get("tls") in ("yes", "no"):
        rows = rows.filter(tls=asked["tls"] == "yes")
    if "remote" in asked:
        rows = queries.from_address(rows, asked["remote"])
    for name, field in (("helo", "helo"), ("sender", "sender"), ("recipient", "recipients")):
        if name in asked:
            rows = queries.containing(rows, field, asked[name])
    since, until = times.span(asked)
    return times.between(rows, "started_at", since, until)


class SessionPage(RoleRequired):
    """One session as a conversation."""

    def get(self, request: HttpRequest, pk: str) -> HttpResponse:
        session = find(pk)
        reasons = Reasons(session.connector_name, session.sends)
        said = lines(session)
        facts = facts_of(session, said)
        context = {
            "session": session,
            "lines": [
                (*_with_reason(line, reasons, facts.get(line.number)), _asked(session, said, line)) for line in said
            ],
            "badges": outcome(session),
            "duration": duration(session),
            "connector_url": reasons.connector_url,
            "question": question(session, said),
            "crumbs": [(_("Protocol log"), reverse("tracking:list"))],
            "refresh": REFRESHED if session.ended_at is None else 0,
            "may_end": session.ended_at is None and not session.sends and self.actor.may(*actions.MAY_END),
        }
        fragment = request.headers.get("HX-Target") == "session"
        return render(request, "tracking/conversation.html" if fragment else "tracking/session.html", context)


def refused(session: Session) -> list[tuple[Line, Decision | None]]:
    """What was refused: by a rule of ours, or by a next hop in its own words."""
    if session.sends:
        return [(line, None) for line in lines(session) if line.refused]
    return [*decisions(session)]


def _with_reason(line: Line, reasons: Reasons, facts: Facts | None) -> tuple[Line, Reason | None, str, list[Remedy]]:
    """A line, why it refused, the page of the setting that held it, and what would mend it."""
    reason = reasons.of(line.decision) if line.decision else None
    remedies = remedies_for(line.decision.name, facts) if line.decision and facts else []
    return line, reason, reasons.held_url(line.held) if line.held else "", remedies


def _asked(session: Session, said: list[Line], line: Line) -> str:
    """The What-if about a refusal of ours."""
    return question(session, said, line) if line.refused and line.decision else ""


class SessionFile(RoleRequired):
    """One session as Exchange would have logged it."""

    def get(self, request: HttpRequest, pk: str) -> StreamingHttpResponse:
        session = find(pk)
        series = series_of(session.direction)
        name = f"{series.prefix}-{session.session_id}.csv"
        return download(request, exchange_csv([(series, [session])], clock.now()), name, CSV)


class SessionsFile(RoleRequired):
    """Every session that the list's filters let through, oldest first: what we received, then what we sent."""

    def get(self, request: HttpRequest) -> StreamingHttpResponse:
        pages, now = SessionPages(), clock.now()
        pages.setup(request)
        rows = pages.narrowed(Session.objects.all())
        parts = {way.value: rows.filter(direction=way.value) for way in Direction}
        ways = [way for way in parts if parts[way].exists()] or [Direction.RECEIVE.value]
        logs = [(series_of(way), queries.oldest_first(parts[way])) for way in ways]
        return download(request, exchange_csv(logs, now), f"{logs[0][0].prefix}{now:%Y%m%d-%H%M}.csv", CSV)
