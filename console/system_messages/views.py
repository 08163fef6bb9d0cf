from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from console.crud import BADGE, NAME, Badge, Column, Detail
from console.publishing.settings_pages import SettingsPages
from console.system_messages import actions, models
from console.system_messages.forms import SystemMessageForm
from console.system_messages.published import SYSTEM_MESSAGE
from transport.config.system_message import SystemMessage
from transport.send.report_text import plain


def _state(row: models.SystemMessage) -> Badge:
    return Badge(_("Kept, not used"), "neutral") if row.original else Badge(_("In use"), "good")


def _for(row: models.SystemMessage) -> str:
    return str(_("Internal senders") if row.internal else _("External senders"))


class SystemMessagePages(SettingsPages):
    model = models.SystemMessage
    struct = SystemMessage
    namespace = "system_messages"
    noun, plural = _("system message"), _("system messages")
    purpose = _("Your own words for non-delivery and delay reports, by the code of what happened.")
    first_step = _("Without one, senders read Gatepost's words. Write your own, with the address of your help desk.")
    is_tagged = copies = True
    columns = [
        Column(_("Code"), "dsn_code", NAME, sort="dsn_code"),
        Column(_("For"), _for, sort="internal"),
        Column(_("Language"), "language", sort="language"),
        Column(_("Text"), lambda row: plain(row.text), minor=True),
        Column(_("Status"), _state, BADGE, sort="original", minor=True),
    ]
    details = [
        Detail(_("Text"), lambda row: plain(row.text)),
        Detail(_("For"), _for),
        Detail(_("Language"), "language"),
        Detail(_("Status"), _state, BADGE),
        Detail(_("Identity"), "name"),
    ]
    told = ["dsn_code", "internal", "language", "text", "original", "name"]
    search = SYSTEM_MESSAGE.search
    form_class = SystemMessageForm
    writers = actions.WRITERS
    shows_commands = True
    removal_warning = _("Senders then read Gatepost's words again.")

    def save(self, form: SystemMessageForm) -> Any:
        if form.row is None:
            return actions.create(self.actor, SystemMessage(name="-", **form.changes))
        return actions.update(self.actor, form.row.pk, form.changes, form.seen_version)

    def remove(self, obj: Any) -> None:
        actions.remove(self.actor, obj.pk)
