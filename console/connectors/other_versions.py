"""The default values of a Receive connector in Exchange 2007 and in 2013 to 2019, beside ours (reference, 1.2, 1.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from transport.config import kinds
from transport.config.kinds import Setting
from transport.config.receive_connector import ReceiveConnector
from transport.config.setting import defaults, settings

LATER: dict[str, Any] = {
    "max_message_size": "36 MB (37,748,736 bytes)",
    "max_inbound_connection_per_source": "20",
    "protocol_logging_level": _("None; Verbose on Default Frontend"),
    "message_rate_limit": _("Unlimited; 5 on Client Frontend and Client Proxy, 600 on Edge"),
    "message_rate_source": _("IPAddress; User on Client Frontend and Client Proxy"),
    "max_inbound_connection_percentage_per_source": _("2; 100 on Default (Hub Transport)"),
    "max_recipients_per_message": _("200; 5000 on Default (Hub Transport)"),
    "connection_timeout": _("00:10:00; 00:05:00 on Edge"),
    "connection_inactivity_timeout": _("00:05:00; 00:01:00 on Edge"),
    "size_enabled": _("Enabled; EnabledWithoutValue on Default (Hub Transport)"),
    "max_hop_count": _("30; one exported server had 60"),
    "max_local_hop_count": _("8; one exported server had 5"),
}
"""Field → the default of Exchange 2013, 2016 and 2019, where it is not ours on every connector."""
EARLIER = {
    "max_message_size": "10 MB (10,485,760 bytes)",
    "max_inbound_connection_per_source": "100",
}
"""Field → the default of Exchange 2007 that the source documents name, where later versions changed it."""
OWN = "own setting"
OF_2003 = {"require_128_bit_encryption", "default_logon_domain"}
NO_DEFAULT = {"name", "usage", "bindings", "remote_ip_ranges", "grants", "permission_groups", "auth_mechanism"}


@dataclass(frozen=True)
class Line:
    """One setting; `earlier` is empty where no source names the default of 2007."""

    setting: Setting
    ours: str
    earlier: str
    later: str | Promise
    differs: bool


def lines() -> list[Line]:
    """Every setting that has a default in Exchange."""
    usual = defaults(ReceiveConnector)
    every = settings(ReceiveConnector).items()
    table = {
        field: each for field, each in every if field not in OF_2003 | NO_DEFAULT and not each.source.startswith(OWN)
    }
    return [_line(field, setting, kinds.show(setting, usual[field])) for field, setting in table.items()]


def _line(field: str, setting: Setting, ours: str) -> Line:
    later: str | Promise = LATER.get(field, ours)
    return Line(setting, ours, EARLIER.get(field, ""), later, field in LATER)
