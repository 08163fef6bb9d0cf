"""The forms of protection settings; their fields follow from the settings tables."""

from console.publishing.settings_form import SettingsForm
from transport.config.filters import RecipientFilter


class RecipientFilterForm(SettingsForm):
    """The recipient filter's switches."""

    struct = RecipientFilter
