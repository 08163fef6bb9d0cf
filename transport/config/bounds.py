"""Everything that a stranger fills: a socket, a file, a reply, a request, a message. One row each: the most octets,
lines and seconds it may take, and what becomes of more. `SECURITY.md` tells of the strangers.

A limit that an administrator sets is a setting and stands in a settings table; here stands what nobody may exceed.
"""

from __future__ import annotations

import msgspec


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """What one stranger may put in one place. None: not counted there (a DNS answer has no lines)."""

    what: str
    who: str
    octets: int | None = None
    lines: int | None = None
    seconds: float | None = None
    more: str
    """What happens to more than that, in words."""


HEADER = Bound(
    what="the header of a message", who="a client",
    octets=1 << 20, lines=10_000,
    more="552 5.3.4, and the connection is closed; MaxHeaderSize may allow less.",
)  # fmt: skip

REQUEST_TARGET = Bound(
    what="the address in a request to the console", who="a browser without a session",
    octets=8192,
    more="It is answered 414.",
)  # fmt: skip

REQUEST_HEAD = Bound(
    what="the head of a request to the console", who="a browser without a session",
    octets=65536, seconds=10.0,
    more="It is answered 431; one that does not end in time is cut off.",
)  # fmt: skip

STRANGERS_BODY = Bound(
    what="the body of a request to the console without a session", who="a browser without a session",
    octets=1024 * 1024, seconds=30.0,
    more="It is answered 413, or 408 when it takes longer.",
)  # fmt: skip

ADMINISTRATORS_BODY = Bound(
    what="the body of a request to the console", who="somebody who has signed in to the console",
    octets=96 * 1024 * 1024, seconds=900.0,
    more="It is answered 413, or 408 when it takes longer.",
)  # fmt: skip

BACKUP_TEXT = Bound(
    what="what a backup says of itself", who="whoever hands over a file to restore",
    octets=1024 * 1024,
    more="The file is refused; so are links, devices, and names that no backup has.",
)  # fmt: skip

BUCKET_ANSWER = Bound(
    what="what a bucket answers to a request other than for a backup", who="the server that backups are sent to",
    octets=1024 * 1024, seconds=60.0,
    more="No more is read, and the backup has failed. Where a backup goes or comes, a second more for each 64 KiB of "
    "it, and no more octets are taken than were put.",
)  # fmt: skip

PROCESS_LOG = Bound(
    what="the log of a process", who="whoever can make a process say something",
    octets=10 * 1024 * 1024,
    more="It is put aside; the three newest of these are kept.",
)  # fmt: skip

SHELL_SCRIPT = Bound(
    what="a script on the page of the management shell, one at a time for each user",
    who="somebody who has signed in to the console",
    octets=800_000, seconds=20.0,
    more="It is refused, or stopped; a second one waits 2 s for its turn and is refused.",
)  # fmt: skip

OPEN_SESSIONS = Bound(
    what="sessions that a transport tells of to each who looks at the open ones", who="clients",
    lines=200, seconds=10.0,
    more="The longest open are told, and how many others there are; who has not looked for so long is told no more.",
)  # fmt: skip

REFERENCE_LOOKS = Bound(
    what="looks at the page that explains a refusal", who="a browser, by its address (of IPv6 its /64 network)",
    octets=200, lines=60, seconds=300.0,
    more="They are told to come back later.",
)  # fmt: skip

LOG_EVENT = Bound(
    what="an event in the log of a process", who="whoever can make a process say something",
    octets=800_000, lines=100,
    more="The end of a line and the beginning of a traceback are left out.",
)  # fmt: skip

SIGN_IN = Bound(
    what="a sign-in that waits for the directory or for a place", who="a client",
    seconds=30.0,
    more="It is told to try again later (454).",
)  # fmt: skip

NEXT_HOP_REPLY = Bound(
    what="a reply of a next hop", who="a next hop",
    octets=65536, lines=100, seconds=600.0,
    more="The connection is closed; the next host is tried.",
)  # fmt: skip

NEXT_HOP_HELLO = Bound(
    what="connecting to a next hop, its greeting, its answers to EHLO and STARTTLS, the handshake", who="a next hop",
    seconds=300.0,
    more="The connection is closed; the next host is tried.",
)  # fmt: skip

NEXT_HOP_ATTEMPT = Bound(
    what="an attempt to hand one message to the hosts of a next hop, one after the other", who="a next hop",
    seconds=3600.0,
    more="The connection is closed; the message waits for its next attempt.",
)  # fmt: skip

CONNECTOR_TEST = Bound(
    what="a test of a Send connector, one at a time for each administrator", who="a next hop, and who owns its DNS",
    lines=200, seconds=30.0,
    more="The test ends, and says how far it has come; lines beyond are left out.",
)  # fmt: skip

MAIL_SERVER_TEST = Bound(
    what="a test of a mail server and its domain, one at a time for each administrator",
    who="a mail server, and who owns its DNS",
    lines=200, seconds=50.0,
    more="The test ends, and says so; lines beyond are left out.",
)  # fmt: skip

NEXT_HOP_IN_THE_WAY = Bound(
    what="a reply of a next hop while others wait for a place (after a command: half the seconds)", who="a next hop",
    seconds=60.0,
    more="The connection is closed, the attempt has failed, and its place goes to the next in line.",
)  # fmt: skip

TOKEN_ANSWERS = Bound(
    what="what an OAuth endpoint says for one token, all its answers together", who="whoever answers for the endpoint",
    octets=262_144, seconds=20.0,
    more="The connection is closed; mail of the connector waits, with these words.",
)  # fmt: skip

HOST_LIST = Bound(
    what="the hosts of a next hop in DNS: MX records, and addresses of each host", who="the owner of a domain",
    lines=20, seconds=60.0,
    more="The hosts of worse preference are left out; five addresses at most are tried in one attempt.",
)  # fmt: skip

STS_POLICY = Bound(
    what="an MTA-STS policy, fetched by HTTPS with the head of the answer", who="the owner of a domain",
    octets=65536, seconds=60.0,
    more="It counts as not published; one that was fetched before holds on.",
)  # fmt: skip

TLS_REPORT = Bound(
    what="a report about TLS, as it is handed in and as it is unpacked, and the results in it", who="who sent it",
    octets=4 * 1024 * 1024, lines=1000,
    more="It is not taken, and the page says why.",
)  # fmt: skip

TLS_REPORTS_MAILED = Bound(
    what="reports about TLS that come by mail: how many in such a time, and how long all of them", who="who sends them",
    octets=64 * 1024 * 1024, lines=1000, seconds=86400.0,
    more="It stays in its mailbox, as other mail does.",
)  # fmt: skip

TLS_REPORT_TAKEN = Bound(
    what="the answer to a report about TLS that is sent by HTTPS", who="who asked for the report",
    octets=65536, seconds=30.0,
    more="The connection is closed, and the report is sent again an hour later.",
)  # fmt: skip

MESSAGE_HEADER = Bound(
    what="the header of a message, when the console reads it", who="a sender",
    octets=256 * 1024, lines=1000,
    more="Fields in further lines are not shown; what stands behind the octets counts as text.",
)  # fmt: skip

MESSAGE_FIELD = Bound(
    what="a header field, when the console reads it", who="a sender",
    octets=16_000,
    more="The field is cut; the source shows it whole.",
)  # fmt: skip

MESSAGE_SHOWN = Bound(
    what="a message that is opened in the console", who="a sender",
    octets=25 * 1024 * 1024,
    more="The rest is not shown, and the page says so; the download has it.",
)  # fmt: skip

MESSAGE_SOURCE = Bound(
    what="the source of a message, when the console shows it", who="a sender",
    octets=1024 * 1024,
    more="The rest is not shown, and the page says so; the download has it.",
)  # fmt: skip

MESSAGE_SEARCHED = Bound(
    what="a message that a search in a mailbox looks at", who="a sender",
    octets=512 * 1024,
    more="What stands behind it is not found.",
)  # fmt: skip

MESSAGE_PARTS = Bound(
    what="the parts of a message (a delimiter line each), when the console reads it", who="a sender",
    lines=1000,
    more="Further parts are not shown; the download has them.",
)  # fmt: skip

MESSAGE_LEVELS = Bound(
    what="parts within parts (a delimiter line for each level), when the console reads them", who="a sender",
    lines=20,
    more="What lies deeper is one attachment.",
)  # fmt: skip

MESSAGE_TEXT = Bound(
    what="the text or HTML of a part, when the console shows it (in characters)", who="a sender",
    octets=1_000_000,
    more="The rest of the part is not shown; the source and the download have it.",
)  # fmt: skip

MESSAGE_PICTURES = Bound(
    what="the pictures of a message within its HTML, each as often as it is shown", who="a sender",
    octets=16 * 1024 * 1024,
    more="Further pictures are left out; they are attachments.",
)  # fmt: skip

MESSAGE_READER = Bound(
    what="the child process that reads a message for the console (memory, processor time)", who="a sender",
    octets=512 * 1024 * 1024, seconds=5.0,
    more="The child is killed; the page says that the message is too complex to show, and offers source and download.",
)  # fmt: skip

MAILBOX_SEARCH = Bound(
    what="a search in a mailbox", who="all senders of a mailbox together",
    seconds=3.0,
    more="The newest messages were searched; the page says how many.",
)  # fmt: skip

REPORTED_HEADER = Bound(
    what="the header of a message that a report shows to its sender, at two places", who="a client",
    octets=8192,
    more="The report leaves the rest out.",
)  # fmt: skip

PARTS = Bound(
    what="the parts of a message that a next hop cannot take as they are, each with its header", who="a client",
    octets=262_144, lines=10_000,
    more="The message is returned: 5.6.3.",
)  # fmt: skip


MESSAGE_IN_MEMORY = Bound(
    what="a message that is arriving, in memory", who="an SMTP client",
    octets=1 << 20,
    more="Its body goes to a file; MaxMessageSize limits that.",
)  # fmt: skip

ALL_IN_MEMORY = Bound(
    what="all messages that are arriving, in memory", who="all SMTP clients together",
    octets=64 << 20,
    more="Bodies go to files as soon as their header has ended, and each message has its share of memory only.",
)  # fmt: skip

SHARE_OF_MEMORY = Bound(
    what="a message that is arriving, in memory, while all of them have too much", who="an SMTP client",
    octets=16 << 10,
    more="A longer header is answered 452 4.3.1 at the end of the message.",
)  # fmt: skip

UNWRITTEN_BODY = Bound(
    what="a message body that waits for the disk", who="an SMTP client",
    octets=2 << 20,
    more="Nothing more is read from this client until the disk has taken it.",
)  # fmt: skip

ALL_UNWRITTEN = Bound(
    what="all message bodies that wait for the disk", who="all SMTP clients together",
    octets=32 << 20,
    more="Nothing more is read from the clients of these bodies until the disk has taken them.",
)  # fmt: skip

PROXY_HEADER = Bound(
    what="the PROXY header, in front of everything that a client says, and connections that wait for theirs",
    who="an address that an administrator has named as a load balancer",
    octets=4096, lines=500, seconds=5.0,
    more="The connection is closed without a greeting; of too many that wait, the one that has waited longest.",
)  # fmt: skip

XCLIENT = Bound(
    what="an XCLIENT command, with CRLF", who="a mail server that an administrator believes",
    octets=512,
    more="500 5.5.2; it is to be sent in several commands.",
)  # fmt: skip

COMMAND_LINE = Bound(
    what="a command line", who="an SMTP client",
    octets=2048,
    more="500 5.5.2, and the rest of the line is not kept.",
)  # fmt: skip

LONG_ADDRESS_LINE = Bound(
    what="a command line where XLONGADDR is offered", who="an SMTP client",
    octets=8000,
    more="500 5.5.2, and the rest of the line is not kept.",
)  # fmt: skip

SIGN_IN_LINE = Bound(
    what="a line where clients may sign in (RFC 4954 §4)", who="an SMTP client",
    octets=12288,
    more="500 5.5.2, in a sign-in 500 5.5.6, and the rest of the line is not kept.",
)  # fmt: skip

SENT_AHEAD = Bound(
    what="what is sent while an answer is due", who="an SMTP client",
    octets=1 << 16, lines=256,
    more="Nothing more is read until the answer is given; after so many commands others have their turn.",
)  # fmt: skip

UNREAD_REPLY = Bound(
    what="the last reply, left unread", who="an SMTP client",
    seconds=30.0,
    more="The connection is cut off.",
)  # fmt: skip

LOGGED_LINE = Bound(
    what="a command line in the protocol log", who="an SMTP client",
    octets=2048,
    more="The rest of it is not logged.",
)  # fmt: skip

SESSION_RECORD = Bound(
    what="the record of a session that a replay reads: command lines and replies", who="an SMTP client",
    octets=8192, lines=200,
    more="How many commands came then is counted; a replay answers those before.",
)  # fmt: skip

LOGGED_REPLY = Bound(
    what="a reply of a next hop in the protocol log", who="a next hop",
    octets=2048,
    more="The rest of it is not logged.",
)  # fmt: skip

PROBE = Bound(
    what="a request for /healthz or /metrics", who="whoever reaches the address of GATEPOST_HEALTH",
    octets=1 << 16, seconds=5.0,
    more="The connection is closed without an answer.",
)  # fmt: skip

HANDSHAKE = Bound(
    what="a TLS handshake", who="an SMTP client",
    seconds=30.0,
    more="The connection is cut off.",
)  # fmt: skip

DNS_ANSWER = Bound(
    what="the answer to a question about a client", who="a list provider, or who owns the client's address",
    octets=512, lines=10,
    more="Records beyond the tenth are not read; what does not fit a packet of UDP is not asked for.",
)  # fmt: skip

FACTS = Bound(
    what="questions about a client and its mail with their answers, in one session", who="an SMTP client",
    lines=32,
    more="The oldest are forgotten, and asked again when an answer matters.",
)  # fmt: skip


PULL = Bound(
    what="asking a server for the mail that waits there for us: domains, and all of the conversation",
    who="the server that is asked",
    lines=1000, seconds=600.0,
    more="The connection is closed; the request has failed, and the next one comes by its timetable.",
)  # fmt: skip

TURNED = Bound(
    what="connections on which the roles are swapped (ATRN, TURN) at one time", who="SMTP clients that have signed in",
    lines=4,
    more="451 4.3.0: the client asks again later.",
)  # fmt: skip

PICK_UPS = Bound(
    what="requests for kept mail (ETRN) in an hour", who="an SMTP client that may ask",
    lines=10, seconds=3600.0,
    more="458 4.7.1: what was asked for once leaves by itself.",
)  # fmt: skip

PICK_UP = Bound(
    what="a request for kept mail (ETRN), which PostgreSQL answers: domains of one request", who="an SMTP client",
    lines=1000, seconds=10.0,
    more="458 4.3.0, or the other domains wait for the next request.",
)  # fmt: skip

LINK_FILE = Bound(
    what="links.toml, the commands of links", who="root",
    octets=1 << 16,
    more="The file is refused, and mail for its links waits.",
)  # fmt: skip

LINK_OUTPUT = Bound(
    what="what the command of a link says", who="a program that root has named",
    octets=4096,
    more="The rest is read and forgotten.",
)  # fmt: skip

ACME_ANSWER = Bound(
    what="one answer of a certification authority (ACME)", who="whoever answers for its directory",
    octets=262_144, seconds=20.0,
    more="The connection is closed; the certificate that is there stays, and the page says why.",
)  # fmt: skip

ACME_ORDER = Bound(
    what="an order of a certificate (ACME): the certificates of its chain, the chains that are offered, and its time",
    who="a certification authority",
    lines=10, seconds=3600.0,
    more="The order is given up, and a new one is made later.",
)  # fmt: skip

DNS_HOOK = Bound(
    what="dns-hooks.toml, the commands that set records in DNS, and what one of them says",
    who="root, and what it names",
    octets=1 << 16,
    more="The file is refused, and the certificate that is there stays; of what is said the rest is forgotten.",
)  # fmt: skip

WHAT_IF = Bound(
    what="a message, and its recipients, about which What-if is asked", who="somebody who has signed in to the console",
    octets=2 * 1024 * 1024, lines=100,
    more="The form says so, and nothing is asked.",
)  # fmt: skip


def rows() -> dict[str, Bound]:
    """Every row by its name here."""
    return {name: row for name, row in globals().items() if isinstance(row, Bound)}


COUNTED_NAMES = Bound(
    what="the names of clients, and of senders, that are counted in a minute, each", who="all clients together",
    octets=320, lines=50,
    more="They are counted together; of a longer name the beginning stands for it.",
)  # fmt: skip
