"""Own words for reports to senders, by the code of what happened. Sending mail outward, section 5.5."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec

from transport.config.kinds import Kind, Setting

# A row of the table is a paragraph, whatever its length.
# fmt: off

CMDLET = "New-SystemMessage"
CODE = re.compile(r"[45]\.\d{1,3}\.\d{1,3}")
LANGUAGE = re.compile(r"[A-Z][a-z]{1,2}(?:-[A-Z][A-Za-z]{1,3})?")
USUAL_LANGUAGE = "En"


class SystemMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What senders read about one code, in place of the usual words."""

    name: Annotated[
        str,
        Setting(
            "Name", "General", Kind.TEXT, "Name", r"Language, whom it is for, and code: En\Internal\5.1.2.", CMDLET,
            minimum=1, maximum=64, read_only=True,
        ),
    ]
    dsn_code: Annotated[
        str,
        Setting(
            "DsnCode", "General", Kind.TEXT, "Code", "The enhanced status code that it is about, such as 5.1.2.",
            CMDLET, minimum=1, maximum=64,
        ),
    ] = ""
    language: Annotated[
        str,
        Setting(
            "Language", "General", Kind.TEXT, "Language",
            "Such as En, De or Pt-BR: senders get it whose message asks for that language, and En everybody else.",
            CMDLET, minimum=1, maximum=64,
        ),
    ] = USUAL_LANGUAGE
    internal: Annotated[
        bool,
        Setting(
            "Internal", "General", Kind.FLAG, "For internal senders",
            "For senders who are known here. Off: for all others.", CMDLET,
        ),
    ] = False
    text: Annotated[
        str,
        Setting(
            "Text", "General", Kind.TEXT, "Text",
            'At most 512 characters. <B>, <EM>, <BR>, <P> and <A HREF="https://…"> mean what they mean in HTML; '
            "anything else is shown as it stands.",
            CMDLET, minimum=1, maximum=512,
        ),
    ] = ""
    original: Annotated[
        bool,
        Setting(
            "Original", "General", Kind.FLAG, "Use the usual words instead", "This text is kept, and not used.",
            "Set-SystemMessage",
        ),
    ] = False


def identity(message: SystemMessage) -> str:
    r"""`En\External\5.1.2`."""
    return rf"{message.language}\{'Internal' if message.internal else 'External'}\{message.dsn_code}"
