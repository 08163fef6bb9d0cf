"""A parcel with valid defaults, so that a test shows only what matters."""

from typing import Any
from uuid import UUID

from transport.send.parcel import Parcel


def parcel(*recipients: str, **changes: Any) -> Parcel:
    usual: dict[str, Any] = {
        "id": UUID(int=1), "sender": "ann@x.test", "body_type": "7BIT", "size": 100, "accepted_at": 0.0,
        "alone": False, "smtp_utf8": False, "ret": "", "envid": "",
    }  # fmt: skip
    return Parcel(**usual | changes, recipients=dict(enumerate(recipients or ("bob@far.test",), 1)))
