"""Where in the console a rule's setting lives: the page of each kind of object that rules name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import msgspec
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.connectors.models import ReceiveConnector as ConnectorRow
from console.publishing.published import Page, Published, every_kind
from transport.config import kinds
from transport.config.kinds import Setting
from transport.config.receive_connector import ReceiveConnector
from transport.config.setting import settings
from transport.receive.rules import CONNECTOR


@dataclass(frozen=True)
class Place:
    """`history` is what the change history calls its objects, `snapshot` where a revision has the only one of them."""

    name: str | Promise
    url_name: str
    struct: type[msgspec.Struct] | None = None
    history: str = ""
    snapshot: str = ""

    def url_of(self, field: str = "") -> str:
        """The page, at the field if it has it."""
        return reverse(self.url_name) + (f"#id_{field}" if self.snapshot and field else "")


@cache
def places() -> dict[str, Place]:
    """What rules call a kind of object, or one of its pages → where it is."""
    found = {page.on or kind.noun.lower(): _place(kind, page) for kind in every_kind() for page in kind.pages}
    found["directory"] = Place(_("Directory"), "directory:list", history="Recipient")
    found["user"] = Place(_("SMTP users"), "users:list", history="User")
    return found


def _place(kind: Published, page: Page) -> Place:
    title = kind.noun if kind.struct is ReceiveConnector else page.title
    return Place(title, page.url_name, kind.struct, kind.noun, kind.part if kind.is_single else "")


def setting_of(on: str, field: str) -> Setting | None:
    """The declaration of a rule's setting; None when the rule comes from no single one."""
    return _settings(on).get(field)


def field_of(on: str, name: str) -> str:
    """The field of the setting that Exchange calls `name`; an empty text when there is none."""
    return next((field for field, setting in _settings(on).items() if setting.name == name), "")


def _settings(on: str) -> dict[str, Setting]:
    place = places().get(on)
    return settings(place.struct) if place and place.struct else {}


def written(setting: Setting, value: object) -> str:
    """The value of a setting in words."""
    text = kinds.show(setting, value)
    return str(_("none")) if text in ("", "{}") else text


def connector_tab(row: ConnectorRow, field: str) -> str:
    """The page of a connector's properties on which a setting stands, at its field."""
    setting = setting_of(CONNECTOR, field)
    tab = reverse("connectors:receive-properties", args=[row.pk, setting.section.lower() if setting else "general"])
    return tab + (f"#id_{field}" if setting else "")
