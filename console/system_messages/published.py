"""What a revision holds of system messages."""

from django.utils.translation import gettext_lazy as _

from console.publishing.published import Page, Published
from console.system_messages import models
from transport.config.system_message import SystemMessage

SYSTEM_MESSAGE = Published(
    "System message", SystemMessage, models.SystemMessage, "system_messages",
    (Page(_("System messages"), "system_messages:list"),), search=("name", "text"), note="text",
)  # fmt: skip
