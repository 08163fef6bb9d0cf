"""Every write of the directory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from celery import current_app
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from console.actors import Actor, Role
from console.audit import actions as audit
from console.directory.addresses import parse_address
from console.directory.models import Import, NextChange, Recipient
from console.directory.recipient_list import check_name

KEPT_IMPORTS = timedelta(days=30)
RUN_IMPORT = "console.directory.tasks.run_import"


@transaction.atomic
def add(actor: Actor, address: str, display_name: str = "") -> Recipient:
    """A new recipient. Raises ValidationError on `address` or `display_name`."""
    actor.require(Role.RECIPIENT_MANAGEMENT)
    address = _parsed("address", parse_address, address)
    display_name = display_name_of(display_name)
    take_turn()
    if Recipient.objects.filter(address=address, deleted=False).exists():
        raise ValidationError({"address": _("%s is in the directory already.") % address})
    values = {"display_name": display_name, "deleted": False, "change_number": NextChange(), "created_at": Now()}
    recipient, _created = Recipient.objects.update_or_create(address=address, defaults=values)
    recipient.refresh_from_db()
    audit.record(actor, "Recipient", address, "added", None, {"address": address, "display_name": display_name})
    announce()
    return recipient


@transaction.atomic
def rename(actor: Actor, recipient: Recipient, display_name: str) -> Recipient:
    """Another display name; the address of a recipient never changes. Raises ValidationError on `display_name`."""
    actor.require(Role.RECIPIENT_MANAGEMENT)
    display_name = display_name_of(display_name)
    take_turn()
    stored = Recipient.objects.get(pk=recipient.pk, deleted=False)
    Recipient.objects.filter(pk=recipient.pk).update(display_name=display_name, change_number=NextChange())
    before, after = {"display_name": stored.display_name}, {"display_name": display_name}
    audit.record(actor, "Recipient", stored.address, "changed", before, after)
    announce()
    return Recipient.objects.get(pk=recipient.pk)


@transaction.atomic
def remove(actor: Actor, recipient: Recipient) -> None:
    """The address is unknown from now on. Its mailbox, if there is one, stays."""
    actor.require(Role.RECIPIENT_MANAGEMENT)
    take_turn()
    wanted = Recipient.objects.filter(pk=recipient.pk, deleted=False)
    if wanted.update(deleted=True, change_number=NextChange()):
        before = {"address": recipient.address, "display_name": recipient.display_name}
        audit.record(actor, "Recipient", recipient.address, "removed", before, None)
        announce()


@transaction.atomic
def start_import(actor: Actor, source: str, content: bytes) -> Import:
    """Hands a list to a worker. `source` is the file's name."""
    actor.require(Role.RECIPIENT_MANAGEMENT)
    Import.objects.filter(created_at__lt=Now() - KEPT_IMPORTS).delete()
    name = "".join(sign for sign in source if sign.isprintable())[:200]
    job = Import.objects.create(author=actor.name, source=name, content=content)
    transaction.on_commit(lambda: current_app.send_task(RUN_IMPORT, [job.pk], retry=False), robust=True)
    return job


def take_turn() -> None:
    """Writers go one after another to the end of the transaction: change numbers then become visible in their order,
    and a transport that asks for what is newer than the last it saw misses none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('directory_change_number'))")


def announce() -> None:
    """Tells the transports, as soon as the transaction is committed."""
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY gatepost_recipients")


def display_name_of(text: str, field: str = "display_name") -> str:
    """A display name as it is kept. Raises ValidationError on `field`."""
    return _parsed(field, check_name, text)


def _parsed(field: str, parse: Callable[[str], str], text: str) -> str:
    try:
        return parse(text)
    except ValueError as error:
        raise ValidationError({field: str(error)}) from error
