"""What a revision holds of protection."""

from console.protection import models
from console.publishing.published import Published
from transport.config.connection_filter import ConnectionFilter, IPListEntry, IPListProvider
from transport.config.filters import RecipientFilter, SenderFilter

RECIPIENT_FILTER = Published("Recipient filter", RecipientFilter, models.RecipientFilter, "recipient_filter")
SENDER_FILTER = Published("Sender filter", SenderFilter, models.SenderFilter, "sender_filter")
CONNECTION_FILTER = Published("Connection filter", ConnectionFilter, models.ConnectionFilter, "connection_filter")
ENTRY = Published("IP list entry", IPListEntry, models.IPListEntry, "ip_list_entries")
PROVIDER = Published("IP list provider", IPListProvider, models.IPListProvider, "ip_list_providers")
