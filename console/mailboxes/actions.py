"""Every write of the mailboxes."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from console.actors import Actor, Role
from console.audit import actions as audit
from console.mailboxes.queries import Mailbox, Stored

NAMED = 20


@transaction.atomic
def delete(actor: Actor, mailbox: Mailbox, messages: Sequence[Stored]) -> None:
    """Removes messages for good. One that is gone already is no error. Raises ValidationError when the disk refuses."""
    actor.require(Role.RECIPIENT_MANAGEMENT)
    gone = [{"from": each.envelope.sender_address, "subject": each.subject} for each in messages[:NAMED]]
    before = {"messages": len(messages), "first": gone}
    audit.record(actor, "Mailbox", mailbox.address, "messages deleted", before, None)
    try:
        for message in messages:
            message.path.unlink(missing_ok=True)
    except OSError as error:
        raise ValidationError(_("A message could not be deleted: %s") % error.strerror) from error


def record_reading(actor: Actor, mailbox: Mailbox, message: Stored, verb: str) -> None:
    """Before anybody is shown what a message says: who read whose mail is recorded. Raises PermissionDenied."""
    described = {"mailbox": mailbox.address, "sender": message.envelope.sender_address, "subject": message.subject}
    audit.record_reading(actor, message.key, verb, described)
