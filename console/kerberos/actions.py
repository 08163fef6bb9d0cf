"""Every write of keytabs. Each raises PermissionDenied, and ValidationError at the field that cannot stand."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from msgspec import structs

from console.actors import Actor, Role
from console.kerberos.models import Keytab
from console.kerberos.published import KEYTAB
from console.publishing.actions import change
from console.sealing import sealed
from transport.config.keytab import keys

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT})


def add(actor: Actor, name: str, content: bytes) -> Keytab:
    """The keys of a file, for every transport."""
    actor.require(*WRITERS)
    with change(actor, f"{KEYTAB.noun} {name}: loaded") as under_way:
        if Keytab.objects.filter(name__iexact=name).exists():
            raise ValidationError({"name": _("There is a keytab “%s” already; choose another name.") % name})
        row = Keytab.objects.create(name=name, **_content(content))
        under_way.record(KEYTAB.noun, row.name, None, _shown(row))
    return row


def replace(actor: Actor, row: Keytab, content: bytes) -> Keytab:
    """A newer file in place of the one that is here."""
    actor.require(*WRITERS)
    with change(actor, f"{KEYTAB.noun} {row.name}: loaded again") as under_way:
        before = _shown(row)
        Keytab.objects.filter(pk=row.pk).update(**_content(content), loaded_at=Now())
        row.refresh_from_db()
        under_way.record(KEYTAB.noun, row.name, before, _shown(row))
    return row


def remove(actor: Actor, row: Keytab) -> None:
    """Forgets the keys."""
    actor.require(*WRITERS)
    with change(actor, f"{KEYTAB.noun} {row.name}: removed") as under_way:
        under_way.record(KEYTAB.noun, row.name, _shown(row), None)
        row.delete()


def _shown(row: Keytab) -> dict[str, str]:
    return KEYTAB.shown(KEYTAB.read(row))


def _content(content: bytes) -> dict[str, object]:
    try:
        found = [list(structs.astuple(key)) for key in keys(content)]
    except ValueError as error:
        raise ValidationError({"file": str(error)}) from None
    return {"keys": found, "encrypted": sealed(content)}
