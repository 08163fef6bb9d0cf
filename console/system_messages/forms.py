"""The form of a system message; its fields follow from the settings table."""

from __future__ import annotations

from typing import Any

from django import forms

from console.publishing.settings_form import SettingsForm
from transport.config.setting import settings
from transport.config.system_message import SystemMessage


class SystemMessageForm(SettingsForm):
    """Its name follows from the rest."""

    struct = SystemMessage
    shown = [name for name in settings(SystemMessage) if name != "name"]

    def __init__(self, *data: Any, **options: Any):
        super().__init__(*data, **options)
        self.fields["text"].widget = forms.Textarea({"rows": 4})
