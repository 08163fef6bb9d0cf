"""What a Send connector does, in one plain sentence. Pure. What nothing obeys is not claimed."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from console.crud.together import listed, one_of
from console.publishing.fields import size
from transport.config.address_space import ACCEPTED_DOMAINS, EVERYTHING
from transport.config.send_connector import (
    SIGNS_IN,
    DeliveryWindow,
    RequestMail,
    SendConnector,
    TlsAuthLevel,
)
from transport.config.setting import obeyed


def send_sentence(connector: SendConnector) -> str:
    """`Mail for *.fabrikam.com leaves through mail.fabrikam.com, port 587, signed in as Fabrikam, only over TLS.`"""
    acting = obeyed(connector)
    parts = {"mail": _which(acting), "leaves": _where(acting), "protection": _protection(acting)}
    told = " ".join([_("%(mail)s %(leaves)s, %(protection)s.") % parts, *_limits(acting)])
    return told if connector.enabled else f"{_('Disabled. Once enabled:')} {told}"


def _which(connector: SendConnector) -> str:
    parts = {"domains": whom(connector), "senders": listed(connector.senders)}
    parts["connectors"] = listed(connector.source_receive_connectors)
    if connector.senders and connector.source_receive_connectors:
        return _("Mail of %(senders)s that came in through %(connectors)s for %(domains)s") % parts
    if connector.senders:
        return _("Mail of %(senders)s for %(domains)s") % parts
    if connector.source_receive_connectors:
        return _("Mail that came in through %(connectors)s for %(domains)s") % parts
    return _("Mail for %(domains)s") % parts


def whom(connector: SendConnector) -> str:
    """Of which domains a connector takes mail: `*.fabrikam.com and contoso.com`."""
    named = [space.domain for space in connector.address_spaces]
    if EVERYTHING in named:
        return _("all other domains")
    named = [_("all accepted domains") if each == ACCEPTED_DOMAINS else each for each in named]
    return listed(named) if named else _("no domain yet")


def _where(connector: SendConnector) -> str:
    port = _(", port %d") % connector.port if connector.port != 25 else ""
    if connector.dns_routing_enabled:
        return _("goes to the mail servers (MX) of its recipient's domain") + port
    leaves = _("leaves through %s") % (one_of(connector.smart_hosts) or _("no smart host yet"))
    return leaves + port + _sign_in(connector)


def _sign_in(connector: SendConnector) -> str:
    if connector.smart_host_auth_mechanism not in SIGNS_IN:
        return _(", without signing in")
    return _(", signed in as %s") % (one_of(connector.authentication_credential) or _("nobody yet"))


def _protection(connector: SendConnector) -> str:
    if connector.ignore_starttls and not connector.implicit_tls:
        return _("always in the clear")
    if not (connector.require_tls or connector.implicit_tls):
        return _("over TLS where it is offered")
    if connector.tls_auth_level is TlsAuthLevel.CertificateValidation:
        return _("only over TLS with a valid certificate")
    if connector.tls_auth_level is TlsAuthLevel.DomainValidation:
        return _("only over TLS with a valid certificate of %s") % (connector.tls_domain or _("the right name"))
    return _("only over TLS")


def _limits(connector: SendConnector) -> Iterator[str]:
    """What keeps some mail from it."""
    if connector.accept_messages_from:
        yield _("Only %s may use it.") % listed(connector.accept_messages_from)
    if connector.reject_messages_from:
        yield _("Mail of %s is turned away.") % listed(connector.reject_messages_from)
    if connector.max_message_size is None:
        yield _("Messages may have any size.")
    elif connector.max_message_size != SendConnector(name="").max_message_size:
        yield _("Messages may have up to %s.") % size(connector.max_message_size)
    if connector.delivery_window is DeliveryWindow.Timetable:
        yield _("It delivers %s.") % (listed(connector.delivery_times) or _("at no time yet"))
    if connector.delivery_window is DeliveryWindow.OnTrigger:
        yield _("It delivers when it is triggered.")
    if connector.request_mail is not RequestMail.None_:
        where = connector.request_mail_server or one_of(connector.smart_hosts) or _("no server yet")
        words = _("Mail that waits at %(where)s is asked for by %(command)s.")
        yield words % {"where": where, "command": connector.request_mail.value}
    if connector.allow_relay:
        yield _("Everybody who may submit reaches these domains through any Receive connector.")
