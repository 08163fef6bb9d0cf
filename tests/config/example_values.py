"""A value of every kind, as an administrator writes it: the one place of the tests to follow a new kind."""

from __future__ import annotations

from enum import StrEnum

from transport.config.kinds import Kind, Setting


class Fruit(StrEnum):
    """What there is to choose of."""

    Apple = "Apple"
    Pear = "Pear"

    @property
    def label(self) -> str:
        """Words for people."""
        return f"The {self.value.lower()}"


EXAMPLES = {
    Kind.TEXT: "Two words, and a comma",
    Kind.HOST_NAME: "mx.contoso.com",
    Kind.DOMAIN_NAME: "*.contoso.com",
    Kind.WEB_ADDRESS: "https://mail.contoso.com/refused/",
    Kind.FLAG: "$true",
    Kind.COUNT: "7",
    Kind.SIZE: "36 MB (37,748,736 bytes)",
    Kind.TIMESPAN: "1.02:03:04",
    Kind.CHOICE: "Pear",
    Kind.FLAG_SET: "Apple, Pear",
    Kind.BINDINGS: "10.2.3.4:25\n[::1]:2525",
    Kind.RANGES: "10.0.0.0/8\n2001:db8::1-2001:db8::9",
    Kind.GRANTS: "ANONYMOUS LOGON|Ms-Exch-SMTP-Submit",
    Kind.ADDRESS_SPACES: "SMTP:*.contoso.com;5\nSMTP:*;1",
    Kind.SMART_HOSTS: "[192.0.2.9]\nmail.fabrikam.com",
    Kind.HOSTS: "[10.1.2.3]:2525\nmail.contoso.com\n/run/dovecot/lmtp",
    Kind.ADDRESSES: "anna@contoso.com\nbob@fabrikam.com",
    Kind.DOMAINS: "contoso.com\nfabrikam.com",
    Kind.RANGE: "192.0.2.1-192.0.2.9",
    Kind.TIME: "2027-01-31 17:00:00",
    Kind.RESPONSE: "Go away, %0",
    Kind.RETURN_CODE: "127.0.0.4",
    Kind.RETURN_CODES: "127.0.0.2\n127.0.0.9",
    Kind.NAME_SERVERS: "10.2.3.4:53\n[::1]:5353",
    Kind.NAMES: "m.alexander\nSales team",
    Kind.SENDERS: "anna@contoso.com\nfabrikam.com",
    Kind.TIMETABLE: "Mon-Fri 08:00-18:00\nSat 22:15",
}
SETTINGS = [
    Setting(
        "Example", "General", kind, "Example", "What it is for.", "here",
        maximum=None if kind in (Kind.FLAG, Kind.COUNT, Kind.SIZE, Kind.TIMESPAN, Kind.TIME) else 500,
        choices=Fruit if kind in (Kind.CHOICE, Kind.FLAG_SET) else None,
    )
    for kind in Kind
]  # fmt: skip
"""One of each kind."""
