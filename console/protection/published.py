"""What a revision holds of protection."""

from django.utils.translation import gettext_lazy as _

from console.protection import models
from console.publishing.published import Page, Published
from transport.config.connection_filter import ConnectionFilter, IPListEntry, IPListProvider
from transport.config.filters import RecipientFilter, SenderFilter
from transport.config.kinds import Setting


class ConnectionFilters(Published):
    """Exchange has five cmdlets for its settings, which say in their source which."""

    def cmdlet_of(self, setting: Setting) -> tuple[str, str]:
        source, _, parameter = setting.source.partition(" -")
        return source if source.startswith("Set-") else self.cmdlet, parameter or setting.name


# A row of the table is a paragraph, whatever its length.
# fmt: off

RECIPIENT_FILTER = Published(
    "Recipient filter", RecipientFilter, models.RecipientFilter, "recipient_filter",
    (Page(_("Recipient filter"), "protection:recipient-filter"),), cmdlet="Set-RecipientFilterConfig",
)
SENDER_FILTER = Published(
    "Sender filter", SenderFilter, models.SenderFilter, "sender_filter",
    (Page(_("Sender filter"), "protection:sender-filter"),), cmdlet="Set-SenderFilterConfig",
)
CONNECTION_FILTER = ConnectionFilters(
    "Connection filter", ConnectionFilter, models.ConnectionFilter, "connection_filter",
    (Page(_("Connection filter"), "protection:connection-filter"),), cmdlet="Set-TransportService",
)
ENTRY = Published(
    "IP list entry", IPListEntry, models.IPListEntry, "ip_list_entries",
    (
        Page(_("IP Block list"), "protection:block-list", {"ip_list": "Block"}, on="ip block list"),
        Page(_("IP Allow list"), "protection:allow-list", {"ip_list": "Allow"}, on="ip allow list"),
    ),
    search=("ip_range", "comment"), note="comment", ranges="ip_range",
)
PROVIDER = Published(
    "IP list provider", IPListProvider, models.IPListProvider, "ip_list_providers",
    (Page(_("List providers"), "protection:provider-list", on="list provider"),),
)
