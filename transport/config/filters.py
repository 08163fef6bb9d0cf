"""Protection settings that stand beside the connectors. Source: Exchange reference, section 6.2."""

from __future__ import annotations

from typing import Annotated

import msgspec

from transport.config.setting import Kind, Setting


class RecipientFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which recipients are refused at RCPT TO."""

    recipient_validation_enabled: Annotated[
        bool,
        Setting(
            "RecipientValidationEnabled", "General", Kind.FLAG,
            "Block messages sent to recipients not listed in the Global Address List",
            "Unknown recipients of an authoritative domain are answered 550 5.1.1 User unknown.",
            "documents 000, 001; Set-RecipientFilterConfig",
        ),
    ] = True
