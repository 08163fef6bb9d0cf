"""Lists and details of connectors. Properties and wizards have files of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.commands.script import new_commands
from console.connectors import actions, models, other_versions, queries
from console.connectors.published import RECEIVE, SEND
from console.connectors.send_sentence import send_sentence
from console.connectors.sentence import held_by, sentence, target, ways_in
from console.crud import BADGE, LINES, MONO, NUMBER, SIZE, Badge, Column, Detail, Filter, Verb
from console.crud.access import RoleRequired
from console.crud.format import badge_html, count_text, time_html
from console.crud.said import said
from console.publishing import queries as publishing
from console.publishing.fields import lines
from console.publishing.gateways import known
from console.publishing.relay_guard import RelayNotConfirmed
from console.publishing.settings_pages import SettingsPages
from transport.config import kinds
from transport.config.accepted_domain import AcceptedDomain
from transport.config.permissions import Right
from transport.config.receive_connector import AuthMechanism, ProtocolLoggingLevel, ReceiveConnector, Usage
from transport.config.send_connector import SIGNS_IN, RequestMail, SendConnector, SendUsage, TlsAuthLevel
from transport.config.setting import obeyed, settings
from transport.receive.admission import principal
from transport.receive.exposure import everything_below, exposure, wide_domains
from transport.receive.relayed_domains import domains_taken

USUAL_PORT = 25
ENABLED = [("True", _("Enabled")), ("False", _("Disabled"))]
YES_OR_NO = [("yes", _("Yes")), ("no", _("No"))]
LOGGING = [(each.value, each.value) for each in ProtocolLoggingLevel]


class ConnectorPages(SettingsPages):
    """What both kinds of connectors have."""

    struct: type[ReceiveConnector] | type[SendConnector]
    namespace = "connectors"
    import_url = "moving_in:hand-in"
    writers = actions.WRITERS
    shows_commands = True
    refresh = 10
    list_template = "connectors/list.html"
    filters = [Filter("enabled", _("Status"), ENABLED, words=["status"])]
    is_tagged = True
    named_by = ["name"]
    verbs = [
        Verb("enable", _("Enable"), icon="play", done=_("enabled")),
        Verb("disable", _("Disable"), icon="pause", done=_("disabled")),
        Verb("log", _("Verbose for 7 days"), icon="scroll-text"),
    ]

    def may(self, verb: Verb, obj: Any) -> bool:
        silent = obj.protocol_logging_level == ProtocolLoggingLevel.None_.value
        return bool({"enable": not obj.enabled, "disable": obj.enabled, "log": silent}.get(verb.name, True))

    def enable(self, obj: Any) -> None:
        try:
            actions.set_enabled(self.actor, self.struct, obj.pk, True)
        except RelayNotConfirmed as error:
            danger = next(iter(error.dangers.values()))
            where = _t("Open its properties and enable it there, where its name is asked for.")
            raise ValidationError(f"{danger} {where}") from None

    def disable(self, obj: Any) -> None:
        actions.set_enabled(self.actor, self.struct, obj.pk, False)

    def log(self, obj: Any) -> None:
        actions.log_for_a_while(self.actor, self.struct, obj.pk)

    def change(self, obj: Any, changes: Mapping[str, Any]) -> None:
        actions.update(self.actor, self.struct, obj.pk, changes)

    def create(self, struct: Any, confirmed: Collection[str]) -> Any:
        return actions.create(self.actor, struct, confirmed)

    def remove(self, obj: Any) -> None:
        actions.remove(self.actor, self.struct, obj.pk, self.confirmed)


def _name(row: models.ReceiveConnector) -> str:
    badge = badge_html(_t("relays"), "bad" if row.relays.public_ranges else "warning") if row.relays else ""
    return format_html("<strong>{}</strong> {}", row.name, badge)


def _state(row: Any) -> Badge:
    if not row.enabled:
        return Badge(_("Disabled"), "neutral")
    return Badge(_("Cannot listen"), "bad") if getattr(row, "problems", ()) else Badge(_("Enabled"), "good")


def _logging(row: Any) -> str:
    """The level, and when it ends by itself."""
    if row.protocol_logging_until is None:
        return str(row.protocol_logging_level)
    until = time_html(datetime.fromtimestamp(row.protocol_logging_until, UTC))
    return format_html(_t("{level} until {time}"), level=row.protocol_logging_level, time=until)


def _labels(members: frozenset[Any]) -> str:
    return ", ".join(
        said(member.label) for member in (type(next(iter(members))) if members else ()) if member in members
    )


def _ranges(row: models.ReceiveConnector) -> list[str]:
    """As the property page tells them."""
    return lines(settings(ReceiveConnector)["remote_ip_ranges"], queries.receive(row).remote_ip_ranges)


def _who(row: models.ReceiveConnector) -> str:
    return _labels(queries.receive(row).permission_groups) or _t("Nobody yet")


def _authentication(row: models.ReceiveConnector) -> str:
    mechanisms = queries.receive(row).auth_mechanism
    offered = _t("TLS offered") if AuthMechanism.Tls in mechanisms else _t("No TLS")
    return f"{_t('TLS required') if row.require_tls else offered}, {_sign_in(mechanisms)}"


def _sign_in(mechanisms: frozenset[AuthMechanism]) -> str:
    if AuthMechanism.ExternalAuthoritative in mechanisms:
        return _t("externally secured")
    basic = AuthMechanism.BasicAuth in mechanisms
    after_tls = AuthMechanism.BasicAuthRequireTLS in mechanisms
    ways = [_t("basic on TLS") if after_tls else _t("basic")] if basic else []
    ways += [_t("Integrated Windows")] if AuthMechanism.Integrated in mechanisms else []
    return _t("sign-in: %s") % ", ".join(ways) if ways else _t("no sign-in")


def _relay(row: models.ReceiveConnector) -> str:
    """Whom strangers reach, with a badge that says how grave that is, and whom those who prove themselves reach."""
    connector, domains = queries.receive(row), domains_taken(publishing.saved())
    strangers = held_by(connector, principal(connector))
    whom = target(connector, strangers, domains) if Right.SUBMIT in strangers else _t("to nobody")
    lines: list[str] = [format_html("{} {}", _t("Without signing in: %s") % whom, _how_open(row, connector, domains))]
    for who, held in ways_in(connector):
        lines.append(f"{who[:1].upper()}{who[1:].rstrip(',')}: {target(connector, held, domains)}")
    return format_html_join("", "<div>{}</div>", ((line,) for line in lines))


def _how_open(row: models.ReceiveConnector, connector: ReceiveConnector, domains: Iterable[AcceptedDomain]) -> str:
    if row.relays:
        public = bool(row.relays.public_ranges)
        return badge_html(_t("public addresses"), "bad") if public else badge_html(_t("private"), "warning")
    found = exposure(connector, wide_domains(domains))
    if found is None:
        return badge_html(_t("not an open relay"), "good")
    if not found.relays:
        return badge_html(_t("takes mail for %s") % said(everything_below(*found.wide)), "warning")
    return badge_html(_t("nobody reaches it") if row.enabled else _t("relays once enabled"), "neutral")


def _sizes(row: models.ReceiveConnector) -> str:
    size = kinds.show_size(row.max_message_size).partition(" (")[0]
    return _t("%(size)s, %(count)s per message") % {"size": size, "count": count_text(row.max_recipients_per_message)}


def _that_relay(rows: Any, asked: str) -> Any:
    known = publishing.relays()
    return rows.filter(name__in=known) if asked == "yes" else rows.exclude(name__in=known)


def _that_listen(rows: Any, asked: str) -> Any:
    known = publishing.listening_problems()
    return rows.exclude(name__in=known) if asked == "yes" else rows.filter(name__in=known)


class ReceivePages(ConnectorPages):
    model = models.ReceiveConnector
    struct = ReceiveConnector
    prefix = "receive-"
    list_template = "connectors/receive_list.html"
    noun, plural = _("receive connector"), _("receive connectors")
    purpose = _(
        "Who may hand mail to this organization, on which address and port, and what they may do. "
        "The connector with the most specific remote range answers a connection."
    )
    first_step = _("Without one nobody can hand in mail. Start with one for the Internet, on port 25.")
    columns = [
        Column(_("Name"), _name, sort="name"),
        Column(_("Status"), _state, BADGE, sort="enabled"),
        Column(_("Bindings"), "bindings", LINES),
        Column(_("Remote ranges"), _ranges, LINES),
        Column(_("Who may send"), _who, minor=True),
        Column(_("Sessions"), "open_sessions", NUMBER, minor=True),
        Column(_("Use"), "usage", sort="usage", optional=True),
        Column(_("Logging"), _logging, sort="protocol_logging_level", optional=True),
        Column("FQDN", "fqdn", sort="fqdn", optional=True),
        Column(_("Message size"), "max_message_size", SIZE, sort="max_message_size", optional=True),
        Column(_("Comment"), "comment", sort="comment", optional=True),
    ]
    details = [
        Detail(_("Permission groups"), _who),
        Detail(_("Authentication"), _authentication),
        Detail(_("Relay"), _relay),
        Detail(_("FQDN"), lambda row: row.fqdn or _t("this server's name"), MONO),
        Detail(_("Banner"), "banner", MONO),
        Detail(_("Size, recipients"), _sizes),
        Detail(_("Protocol log"), _logging),
    ]
    told = [
        "name", "enabled", "remote_ip_ranges", "permission_groups", "grants", "auth_mechanism", "require_tls", "fqdn",
        "max_message_size", "max_recipients_per_message",
    ]  # fmt: skip
    search = RECEIVE.search
    filters = [
        *ConnectorPages.filters,
        Filter("relays", _("Relays"), YES_OR_NO, apply=_that_relay),
        Filter("listens", _("Listens"), [("no", _("Cannot listen")), ("yes", _("Listens"))], apply=_that_listen),
        Filter("use", _("Use"), [(each.value, each.value) for each in Usage], lookup="usage"),
        Filter("logging", _("Logging"), LOGGING, lookup="protocol_logging_level"),
    ]
    shared = [
        "protocol_logging_level", "protocol_logging_until", "max_message_size", "max_recipients_per_message", "comment",
    ]  # fmt: skip
    copied = ["name", "bindings", "remote_ip_ranges"]
    new_url = "connectors:receive-wizard"
    edit_url = "connectors:receive-edit"
    details_template = "connectors/receive_details.html"
    removal_warning = _("Its clients then go to the next wider connector on the same binding, or to none.")

    def look_for(self, rows: Any, text: str) -> Any:
        return RECEIVE.found(rows, text)

    def completed(self, rows: list[Any]) -> list[Any]:
        problems, sessions = publishing.listening_problems(), publishing.open_sessions()
        relays = publishing.relays()
        for row in rows:
            row.relays = relays.get(row.name)
            row.problems = problems.get(row.name, [])
            row.open_sessions = sessions[row.name]
        return rows

    def find(self, pk: Any) -> Any:
        row = super().find(pk)
        row.relays = publishing.relays().get(row.name)
        return row

    def details_context(self, selected: Any) -> dict[str, Any]:
        context = super().details_context(selected)
        if selected is None:
            return context
        connector = queries.receive(selected)
        problems = publishing.listening_problems().get(selected.name, [])
        saved = publishing.saved()
        command = "\n".join(new_commands(connector, saved.accepted_domains, known()))
        return context | {"sentence": sentence(connector, saved), "command": command, "problems": problems}


class OtherVersions(RoleRequired):
    """The defaults of Exchange's versions beside ours."""

    def get(self, request: HttpRequest) -> HttpResponse:
        crumbs = [(_t("Receive connectors"), reverse("connectors:receive-list"))]
        lines = other_versions.lines()
        context = {
            "title": _t("Compare with Exchange’s defaults"),
            "crumbs": crumbs,
            "different": [line for line in lines if line.differs],
            "same": [line for line in lines if not line.differs],
        }
        return render(request, "connectors/other_versions.html", context)


def _delivery(row: models.SendConnector) -> str:
    port = f", {_t('port')} {row.port}" if row.port != USUAL_PORT else ""
    return (_t("MX record of the recipient's domain") if row.dns_routing_enabled else ", ".join(row.smart_hosts)) + port


def _spaces(row: models.SendConnector) -> list[str]:
    """As one types them: without SMTP, and without a cost of 1."""
    return lines(settings(SendConnector)["address_spaces"], queries.send(row).address_spaces)


def _protection(row: models.SendConnector) -> Badge:
    connector = obeyed(queries.send(row))
    if connector.ignore_starttls and not connector.implicit_tls:
        return Badge(_("In the clear"), "warning")
    if connector.require_tls or connector.implicit_tls:
        checked = connector.tls_auth_level in (TlsAuthLevel.CertificateValidation, TlsAuthLevel.DomainValidation)
        return Badge(_("Verified TLS") if checked else _("TLS only"), "good")
    return Badge(_("TLS if offered"), "neutral")


def _signs_in(row: models.SendConnector) -> str:
    connector = queries.send(row)
    if connector.smart_host_auth_mechanism not in SIGNS_IN:
        return ""
    return f"{said(connector.smart_host_auth_mechanism.label)}: {', '.join(connector.authentication_credential)}"


def _requested(row: models.SendConnector) -> str:
    """What came of it last."""
    last = queries.pulls().get(row.name)
    if row.request_mail == RequestMail.None_.value or last is None:
        return ""
    return format_html("{}: {}", time_html(last.asked_at), said(last.words))


class SendPages(ConnectorPages):
    model = models.SendConnector
    struct = SendConnector
    prefix = "send-"
    noun, plural = _("send connector"), _("send connectors")
    purpose = _(
        "Where mail for other domains goes: to the MX hosts of the recipient's domain, or to a smart host. "
        "The most specific address space wins, then the lowest cost."
    )
    first_step = _("Without one, mail for other domains has no way out and waits in the queue “Unreachable”.")
    columns = [
        Column(_("Name"), lambda row: format_html("<strong>{}</strong>", row.name), sort="name"),
        Column(_("Status"), _state, BADGE, sort="enabled"),
        Column(_("Address spaces"), _spaces, LINES),
        Column(_("Delivery"), _delivery, minor=True),
        Column(_("Protection"), _protection, BADGE, minor=True),
        Column(_("Type"), "usage", sort="usage", minor=True),
    ]
    details = [
        Detail(_("Address spaces"), _spaces, LINES),
        Detail(_("Delivery"), _delivery),
        Detail(_("Sign-in"), _signs_in),
        Detail(_("Protection"), _protection, BADGE),
        Detail(_("FQDN"), lambda row: row.fqdn or _t("this server's name"), MONO),
        Detail(_("Request for waiting mail"), _requested),
        Detail(_("Protocol log"), _logging),
    ]
    verbs = [
        *ConnectorPages.verbs,
        Verb("request-mail", _("Request mail now"), icon="rotate-ccw", done=_("asked for its mail"), bulk=False),
    ]
    filters = [
        *ConnectorPages.filters,
        Filter("usage", _("Type"), [(each.value, each.label) for each in SendUsage]),
        Filter(
            "delivery", _("Delivery"), [("True", _("MX")), ("False", _("Smart hosts"))], lookup="dns_routing_enabled"
        ),
    ]
    told = [
        "name", "enabled", "address_spaces", "dns_routing_enabled", "smart_hosts", "port", "fqdn",
        "smart_host_auth_mechanism", "authentication_credential",
    ]  # fmt: skip
    search = SEND.search
    shared = ["protocol_logging_level", "protocol_logging_until", "max_message_size", "comment"]
    copied = ["name", "address_spaces"]
    new_url = "connectors:send-wizard"
    edit_url = "connectors:send-edit"
    list_template = "connectors/send_list.html"
    details_template = "connectors/send_details.html"

    def may(self, verb: Verb, obj: Any) -> bool:
        if verb.name == "request-mail":
            return bool(obj.enabled) and obj.request_mail != RequestMail.None_.value
        return super().may(verb, obj)

    def request_mail(self, obj: Any) -> None:
        actions.request_mail(self.actor, obj.name)

    def details_context(self, selected: Any) -> dict[str, Any]:
        context = super().details_context(selected)
        if selected is None:
            return context
        connector = queries.send(selected)
        return context | {"sentence": send_sentence(connector), "command": "\n".join(new_commands(connector))}
