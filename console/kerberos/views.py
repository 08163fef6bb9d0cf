from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.crud import LINES, NAME, TIME, Column, CrudView, Detail
from console.kerberos import actions, queries
from console.kerberos.forms import KeytabForm
from console.kerberos.models import Keytab


class KeytabPages(CrudView):
    model = Keytab
    namespace = "kerberos"
    noun, plural = _("keytab"), _("keytabs")
    purpose = _(
        "The Kerberos keys of this service. With them, clients that hold a ticket sign in without a password, where a "
        "connector offers Kerberos with Integrated Windows authentication."
    )
    first_step = _("Load the file that your Active Directory or KDC made for smtp/ and this server's host name.")
    is_tagged = True
    columns = [
        Column(_("Name"), "name", NAME, sort="name"),
        Column(_("Keys of"), queries.principals, LINES),
        Column(_("Loaded"), "loaded_at", TIME, sort="loaded_at", minor=True),
    ]
    details = [
        Detail(_("Keys"), queries.described, LINES),
        Detail(_("Loaded"), "loaded_at", TIME),
        Detail(_("Who signs in"), queries.in_words, LINES),
        Detail(_("Kerberos"), lambda row: queries.why_not_offered() or _t("Offered where a connector allows it")),
    ]
    search = ["name"]
    form_class = KeytabForm
    writers = actions.WRITERS
    removal_warning = _("Clients with tickets for these keys cannot sign in with Kerberos any more.")

    def save(self, form: KeytabForm) -> Keytab:
        given = form.cleaned_data
        if form.instance is not None:
            return actions.replace(self.actor, form.instance, given["file"])
        return actions.add(self.actor, given["name"].strip(), given["file"])

    def remove(self, obj: Any) -> None:
        actions.remove(self.actor, obj)
