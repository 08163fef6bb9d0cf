"""The forms of protection settings; their fields follow from the settings tables."""

from console.crud.forms import Group
from console.publishing.settings_form import SettingsForm
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.setting import sections, settings


class FilterForm(SettingsForm):
    """A filter's settings, in groups by their sections."""

    def __init_subclass__(cls) -> None:
        table = settings(cls.struct)
        cls.groups = [
            Group("" if section == "General" else section, [name for name in table if table[name].section == section])
            for section in sections(cls.struct)
        ]


class RecipientFilterForm(FilterForm):
    """Protection → Recipient filter."""

    struct = RecipientFilter


class SenderFilterForm(FilterForm):
    """Protection → Sender filter."""

    struct = SenderFilter
