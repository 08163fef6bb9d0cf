"""Whom a name in a Send connector's delivery restrictions means, as it was when the revision was published.

Sending mail outward, section 4.1: groups are resolved then, so that no message has to ask a directory.
"""

from __future__ import annotations

import msgspec


class NamedSender(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    r"""`name`: a user, group or address, in lower case; `principals`: the users that it stands for, as `domain\name` in
    lower case, in their order; `addresses`: those that they may send as, in lower case, in their order.
    """

    name: str
    principals: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
