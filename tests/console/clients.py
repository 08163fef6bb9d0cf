"""Clients as the protocol log shows them."""

from __future__ import annotations

from django.utils import timezone

from console.publishing.gateways import RECENT
from console.tracking.models import Session


def all_come_from(address: str, connector: str) -> None:
    """As many sessions in a row as make a gateway of an address."""
    Session.objects.bulk_create(
        Session(
            session_id=f"{number:016X}", transport="vm", connector=connector, local_endpoint="10.2.3.4:25",
            remote_address=address, remote_port=1, started_at=timezone.now(),
        )
        for number in range(RECENT)
    )  # fmt: skip
