"""What a revision holds of keytabs. They have no settings table, since nobody edits one."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from msgspec.structs import astuple

from console.kerberos import models
from console.publishing.published import Page, Published
from transport.config.keytab import Key, Keytab


class Keytabs(Published):
    """No key is shown, only whose it is."""

    def read(self, row: models.Keytab) -> Keytab:
        return Keytab(name=row.name, keys=tuple(Key(*each) for each in row.keys), encrypted=row.encrypted)

    def make(self, struct: Keytab) -> models.Keytab:
        return models.Keytab(
            name=struct.name, keys=[list(astuple(key)) for key in struct.keys], encrypted=struct.encrypted
        )

    def shown(self, struct: Keytab) -> dict[str, str]:
        return {"Name": struct.name, "Keys": "; ".join(map(str, struct.keys))}


KEYTAB = Keytabs("Keytab", Keytab, models.Keytab, "keytabs", (Page(_("Keytabs"), "kerberos:list"),))
