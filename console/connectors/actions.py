"""Every write of connectors. Each raises PermissionDenied, and ValidationError at the field that cannot stand.

`confirmed_name` is what the administrator typed: the connector, or connectors, through which strangers could relay
afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from threading import Lock
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from console import clock
from console.actors import SYSTEM, Actor, Role
from console.audit.actions import record
from console.connectors import models, queries, restrictions
from console.connectors.published import RECEIVE, SEND
from console.publishing import queries as publishing
from console.publishing.actions import change
from console.publishing.settings_rows import Changes, SettingsRows
from transport import node
from transport.config import rules
from transport.config.endpoint import everyone, parse_binding
from transport.config.kinds import mailbox
from transport.config.permissions import PermissionGroup
from transport.config.receive_connector import AuthMechanism, ProtocolLoggingLevel, ReceiveConnector, Usage
from transport.config.send_connector import SendConnector
from transport.deliver.database import pool
from transport.deliver.probe import Finding, probe

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT, Role.HYGIENE_MANAGEMENT})
Struct = type[ReceiveConnector] | type[SendConnector]
ROWS: dict[Struct, SettingsRows] = {
    ReceiveConnector: SettingsRows(RECEIVE, rules.problems, WRITERS, alone=True),
    SendConnector: SettingsRows(SEND, rules.send_problems, WRITERS, alone=True),
}
MOST_DRAFTS = 10
"""Of a wizard and an administrator; the oldest goes."""
DRAFT_AGE = timedelta(days=30)
_testing_lock, _testing = Lock(), set[str]()
"""Who tests a connector now, in this process."""
LOGGED_FOR = timedelta(days=7)
"""How long everything is written down that a new connector hears."""
Names = str | Collection[str]


def _names(confirmed: Names) -> Collection[str]:
    return {confirmed} if isinstance(confirmed, str) else confirmed


def create(actor: Actor, connector: ReceiveConnector | SendConnector, confirmed_name: Names = "") -> Any:
    """Makes a connector and returns its row."""
    return ROWS[type(connector)].create(actor, restrictions.written_out(connector), _names(confirmed_name))


def create_all(actor: Actor, connectors: Sequence[ReceiveConnector | SendConnector]) -> None:
    """Makes connectors of one kind, in one revision."""
    if connectors:
        ROWS[type(connectors[0])].create_all(actor, [restrictions.written_out(each) for each in connectors])


def update(
    actor: Actor,
    struct: Struct,
    pk: int,
    changes: Changes,
    version: int | None = None,
    confirmed_name: Names = "",
) -> Any:
    """Changes some settings (field → value) of a connector; `version` is the one that the editor saw."""
    return ROWS[struct].update(actor, pk, restrictions.spelled(changes), version, _names(confirmed_name))


def set_enabled(actor: Actor, struct: Struct, pk: int, enabled: bool, confirmed_name: Names = "") -> Any:
    """Enables or disables a connector."""
    return update(actor, struct, pk, {"enabled": enabled}, confirmed_name=confirmed_name)


def log_for_a_while(actor: Actor, struct: Struct, pk: int) -> Any:
    """Turns protocol logging on; it ends by itself."""
    return update(actor, struct, pk, verbose_for_a_while())


def verbose_for_a_while() -> dict[str, Any]:
    """Field → value: to the minute, as people enter it."""
    until = int((clock.now() + LOGGED_FOR).replace(second=0).timestamp())
    return {"protocol_logging_level": ProtocolLoggingLevel.Verbose, "protocol_logging_until": until}


def end_logging() -> None:
    """What nobody has to remember: protocol logging ends where it was turned on for a while."""
    over = {"protocol_logging_until__lte": int(clock.now().timestamp())}
    ended = {"protocol_logging_level": ProtocolLoggingLevel.None_, "protocol_logging_until": None}
    due = [
        (struct, pk)
        for struct, rows in ROWS.items()
        for pk in rows.kind.model._default_manager.filter(**over).values_list("pk", flat=True)
    ]
    if due:
        with change(SYSTEM, "Protocol logging that was on for a while ends"):
            for struct, pk in due:
                update(SYSTEM, struct, pk, ended)


def remove(actor: Actor, struct: Struct, pk: int, confirmed_name: Names = "") -> None:
    """Removes a connector. Its clients go to the next wider connector on the same binding."""
    ROWS[struct].remove(actor, pk, _names(confirmed_name))


def try_out(actor: Actor, pk: int, sender: str, recipient: str) -> Finding:
    """Tries a Send connector out, as it is saved, with two addresses; sends nothing. One test for each administrator at
    a time. Raises ValidationError at the address that is none, or while another test goes on.
    """
    actor.require(*WRITERS)
    row = get_object_or_404(models.SendConnector, pk=pk)
    addresses = {"sender": sender, "recipient": recipient}
    read = {name: read_address(name, text) for name, text in addresses.items()}
    with one_test_of(actor):
        connector = queries.send(row)
        finding = probe(publishing.saved(), connector, read["sender"], read["recipient"], node.name(), pool)
    found = {**read, "result": "good" if finding.is_good else finding.steps[-1].words}
    record(actor, SEND.noun, connector.name, "tested", None, found)
    return finding


def read_address(field: str, text: str) -> str:
    """Raises ValidationError at the field."""
    try:
        return mailbox(text.strip())
    except ValueError as error:
        raise ValidationError({field: str(error)}) from None


@contextmanager
def one_test_of(actor: Actor) -> Iterator[None]:
    """Raises ValidationError while another test of the same administrator is under way."""
    with _testing_lock:
        if actor.name in _testing:
            raise ValidationError(_("Another test of yours is under way. Wait until it has ended."))
        _testing.add(actor.name)
    try:
        yield
    finally:
        with _testing_lock:
            _testing.discard(actor.name)


def first_start() -> None:
    """Gives a new installation its connector: everybody may hand in mail for accepted domains, nothing is relayed."""
    if models.ReceiveConnector.objects.exists():
        return
    name = f"Default Frontend {settings.GATEPOST_NODE}"
    create(
        SYSTEM,
        ReceiveConnector(
            name=name[:64],
            usage=Usage.Internet,
            protocol_logging_level=ProtocolLoggingLevel.Verbose,
            auth_mechanism=frozenset({AuthMechanism.Tls}),
            permission_groups=frozenset({PermissionGroup.AnonymousUsers}),
            remote_ip_ranges=everyone(),
            bindings=tuple(parse_binding(text) for text in settings.GATEPOST_SMTP.split(",")),
        ),
    )


def request_mail(actor: Actor, connector: str) -> None:
    """Let the mail that waits elsewhere be asked for soon, as this Send connector says."""
    actor.require(*WRITERS)
    with transaction.atomic():
        record(actor, "Send connector", connector, "requested its mail", None, {})
        models.Pull.objects.update_or_create(connector=connector, defaults={"wanted_at": Now()})


def keep_draft(actor: Actor, kind: str, key: str, entered: dict[str, Any]) -> None:
    """Keeps what is entered in a wizard: no setting yet. What nobody went on with for long goes."""
    actor.require(*WRITERS)
    models.Draft.objects.update_or_create(owner=actor.name, kind=kind, key=key, defaults={"entered": entered})
    models.Draft.objects.filter(changed_at__lt=Now() - DRAFT_AGE).delete()
    own = models.Draft.objects.filter(owner=actor.name, kind=kind)
    own.filter(pk__in=list(own.values_list("pk", flat=True)[MOST_DRAFTS:])).delete()


def forget_draft(actor: Actor, kind: str, key: str) -> None:
    """What is entered in a wizard goes: it was made, or is not wanted."""
    actor.require(*WRITERS)
    models.Draft.objects.filter(owner=actor.name, kind=kind, key=key).delete()
