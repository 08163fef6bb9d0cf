"""What the pages of keytabs read."""

from __future__ import annotations

from importlib.util import find_spec

from django.utils.translation import gettext as _

from console.kerberos.models import Keytab
from console.kerberos.published import KEYTAB


def principals(row: Keytab) -> list[str]:
    """Whose keys are in the file."""
    return sorted({key.principal for key in KEYTAB.read(row).keys})


def described(row: Keytab) -> list[str]:
    """Each key without its secret."""
    return [str(key) for key in KEYTAB.read(row).keys]


def in_words(row: Keytab) -> list[str]:
    """As which user somebody of each realm signs in."""
    realms = sorted({key.realm for key in KEYTAB.read(row).keys})
    return [_("anna@%(realm)s: %(realm)s\\anna, else %(first)s\\anna") % _names(realm) for realm in realms]


def _names(realm: str) -> dict[str, str]:
    return {"realm": realm, "first": realm.partition(".")[0]}


def why_not_offered() -> str:
    """What keeps Kerberos from being offered on any connector; empty when nothing does."""
    if find_spec("gssapi") is None:
        return _("Kerberos is not installed; ask whoever runs the server (for pyspnego[kerberos]).")
    return "" if Keytab.objects.exists() else _("There is no keytab yet: load one under Keytabs.")
