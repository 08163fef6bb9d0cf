"""What a reply of a provider's smart host means: this message waits or comes back, or nothing may be sent for a while.

A 5xx before MAIL is a fault of the connector, never of a message. Of the answers to MAIL, RCPT and DATA some are not
about the message either: a quota, a connector that is not recognized. The first row of a provider that fits counts;
where none does, the reply means what its code says. Sources: Sending mail outward, sections 1.4, 1.5, 1.6 and 1.7.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cache

import msgspec

from transport.config.send_connector import Provider, SendConnector


class Act(Enum):
    """What to do."""

    JUDGE = "the reply is about the message, and means what its code says"
    SLOW = "fewer connections, and again in seconds"
    WAIT = "nothing is sent until a quota has moved on"
    STOP = "nothing is sent until somebody has mended something"


class Whose(Enum):
    """What rests when nothing may be sent."""

    CONNECTOR = "connector"
    ACCOUNT = "account"
    HOP = "next hop"


class Row(msgspec.Struct, frozen=True):
    """`sign`: a pattern of code and text; `words`: what it means, and what to do, in a sentence each; `seconds`: when
    it is tried again, if nobody does anything before.
    """

    sign: str
    act: Act
    whose: Whose = Whose.HOP
    words: str = ""
    seconds: float = 0.0


class Ruling(msgspec.Struct, frozen=True):
    """Nothing may be sent for so many seconds. `words` end with what the server said."""

    act: Act
    whose: Whose
    words: str
    seconds: float


SECONDS, MINUTES, HOUR = 5.0, 300.0, 3600.0

# A row of the table is a paragraph, whatever its length.
# fmt: off
TOO_MANY = Row(
    r"^432 |^4\d\d .*(concurrent connections|too many (concurrent |simultaneous )?(connections|sessions))",
    Act.SLOW, Whose.HOP, "The server wants fewer connections at a time.", SECONDS,
)
SIGN_IN = Row(
    r"^53[0458] ", Act.STOP, Whose.CONNECTOR,
    "The server wants a sign-in or TLS first. Choose a smart host authentication with a credential, and require TLS.",
    HOUR,
)
EVERY = (TOO_MANY, SIGN_IN)
"""Of every smart host."""

SUBMISSION = (
    Row(r"5\.7\.60 |5\.2\.252|SendAsDenied", Act.JUDGE),
    Row(r"5\.7\.30 .*REQUIRETLS", Act.JUDGE),
    Row(
        r"5\.7\.30 |Basic authentication is not supported", Act.STOP, Whose.ACCOUNT,
        "The tenant takes no passwords any more. Use OAuth: a credential of the kind Microsoft 365, as an application.",
        HOUR,
    ),
    Row(
        r"5\.7\.57 ", Act.STOP, Whose.CONNECTOR,
        "Microsoft 365 takes mail only after a sign-in over TLS. Choose a smart host authentication with a "
        "credential, and require TLS.",
        HOUR,
    ),
    Row(
        r"SubmissionQuotaExceeded|5\.1\.90 ", Act.WAIT, Whose.ACCOUNT,
        "This mailbox has sent to as many recipients as it may in 24 hours (10,000). Mail goes on when the window "
        "has moved; another credential on the connector would share the mail.",
        HOUR,
    ),
    Row(
        r"5\.2\.2 .*(STOREDRV\.Submission|QuotaExceededException)", Act.STOP, Whose.ACCOUNT,
        "The mailbox that signs in is full, as a rule of sent items. Empty it, or let it keep no copies.",
        HOUR,
    ),
    Row(
        r"5\.1\.8 ", Act.STOP, Whose.ACCOUNT,
        "Microsoft 365 has blocked this sender for spam. Find out why, and unblock it under Restricted entities in "
        "the Defender portal.",
        HOUR,
    ),
)
TENANT = (
    Row(
        r"5\.7\.23[23] ", Act.WAIT, Whose.CONNECTOR,
        "The tenant has sent to as many external recipients as it may in 24 hours. Mail goes on when the window has "
        "moved; more licences raise the limit.",
        HOUR,
    ),
    Row(
        r"5\.7\.64 ", Act.STOP, Whose.CONNECTOR,
        "Microsoft 365 does not recognize this server. Compare its public address, or its certificate, with the "
        "inbound connector in the Exchange admin center.",
        HOUR,
    ),
    Row(
        r"5\.7\.68 ", Act.STOP, Whose.CONNECTOR,
        "The tenant refuses Direct Send. Make an inbound connector for this server, or sign in.",
        HOUR,
    ),
    Row(
        r"5\.7\.(705|708|750) ", Act.STOP, Whose.CONNECTOR,
        "Microsoft 365 has blocked the tenant, or this address, or takes no mail of a domain that is not registered. "
        "Look at Restricted entities in the Defender portal, and at the accepted domains.",
        HOUR,
    ),
    Row(
        r"4\.7\.(5\d\d|6\d\d|8[5-9]\d) ", Act.WAIT, Whose.CONNECTOR,
        "Microsoft 365 finds our mail suspicious, and wants us to wait.", MINUTES,
    ),
)
GOOGLE = (
    Row(
        r"limit exceeded for (this )?customer", Act.WAIT, Whose.CONNECTOR,
        "The organization has used up a limit of Google's relay. Mail goes on when the window has moved.", HOUR,
    ),
    Row(
        r"5\.4\.5 |(sending|relay) limit exceeded", Act.WAIT, Whose.ACCOUNT,
        "The user has sent as much as Google lets one user send in 24 hours. Mail goes on when the window has moved.",
        HOUR,
    ),
    Row(
        r"5\.7\.1 Invalid credentials for relay", Act.STOP, Whose.CONNECTOR,
        "Google's relay does not recognize this server. Compare its public address with the SMTP relay service in "
        "the Google admin console, or sign in.",
        HOUR,
    ),
    Row(
        r"^421 4\.7\.0 |^4\d\d 4\.7\.28 ", Act.WAIT, Whose.CONNECTOR,
        "Google finds our mail suspicious, or too much of it, and wants us to wait.", MINUTES,
    ),
)
PEAK = Row(
    r"4\.2\.1 Peak", Act.WAIT, Whose.CONNECTOR,
    "The organization has sent more in ten minutes than Google's relay takes.", 2 * MINUTES,
)
SES = (
    Row(
        r"^454 .*Daily message quota", Act.WAIT, Whose.CONNECTOR,
        "Amazon SES has taken as much as it may in 24 hours. Mail goes on when the window has moved; the quota can be "
        "raised in the SES console.",
        HOUR,
    ),
    Row(r"^454 .*Throttling", Act.SLOW, Whose.HOP, "Amazon SES takes no more messages a second.", SECONDS),
)
SENDGRID = (
    Row(
        r"Maximum credits exceeded", Act.WAIT, Whose.ACCOUNT,
        "The SendGrid account has no credits left. Mail goes on when it has.", HOUR,
    ),
)
AZURE = (
    Row(
        r"Excessive message rate|[Tt]oo many requests|rate limit", Act.WAIT, Whose.ACCOUNT,
        "Azure Communication Services takes no more messages for now: 30 a minute and 100 an hour at first. They can "
        "be raised by a request to Azure's support.",
        MINUTES,
    ),
)
TABLE: dict[Provider, tuple[Row, ...]] = {
    Provider.Other: EVERY,
    Provider.Microsoft365: (*SUBMISSION, *TENANT, *EVERY),
    Provider.HighVolumeEmail: (*SUBMISSION, *TENANT, *EVERY),
    Provider.Microsoft365Relay: (*TENANT, *EVERY),
    Provider.AzureCommunicationServices: (*AZURE, *EVERY),
    Provider.GoogleRelay: (PEAK, *GOOGLE, *EVERY),
    Provider.Gmail: (PEAK, *GOOGLE, *EVERY),
    Provider.AmazonSES: (*SES, *EVERY),
    Provider.SendGrid: (*SENDGRID, *EVERY),
    Provider.Mailgun: EVERY,
}
# fmt: on
REFUSED = "No smart host takes our connection. It is a matter of the connector, not of a message."
_REFUSAL = re.compile(r"5\d\d ")


def ruling(connector: SendConnector, said: str) -> Ruling | None:
    """What an answer of a smart host to MAIL, RCPT or DATA (code and text on one line) means for all mail; None when it
    is about the message, as is each answer of a host that an MX record leads to.
    """
    if connector.dns_routing_enabled or said[:1] not in ("4", "5"):
        return None
    row = next((row for sign, row in _signs(connector.provider) if sign.search(said)), None)
    return None if row is None or row.act is Act.JUDGE else _ruled(row, said)


def before_mail(connector: SendConnector, said: str) -> Ruling | None:
    """As `ruling`, of what the last of the smart hosts said when none of them took the connection."""
    found = ruling(connector, said)
    if found is None and not connector.dns_routing_enabled and _REFUSAL.match(said):
        return _ruled(Row("", Act.STOP, Whose.CONNECTOR, REFUSED, MINUTES), said)
    return found


def _ruled(row: Row, said: str) -> Ruling:
    return Ruling(row.act, row.whose, f"{row.words} The server said: {said}", row.seconds)


@cache
def _signs(provider: Provider) -> tuple[tuple[re.Pattern[str], Row], ...]:
    return tuple((re.compile(row.sign, re.IGNORECASE), row) for row in TABLE[provider])
