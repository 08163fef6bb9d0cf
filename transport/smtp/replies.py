"""Every text we can send, named, with its source: a grade of `GRADES`, then where (Exchange reference, section 5)."""

from __future__ import annotations

import base64

from transport.smtp.reply import Reply, reply

# A row of the table is a paragraph, whatever its length.
# fmt: off

GRADES = {
    "A": "Grade A: a document about Exchange Server prints this line.",
    "A-": "Grade A-: a document about Exchange Server prints status and text, not the three-digit code.",
    "B": "Grade B: seen in a log or a bounce of a real Exchange server.",
    "Bo": "Grade Bo: seen from Exchange Online; that Exchange Server says the same is likely, not shown.",
    "N": "Grade N: not certain; no source was kept that shows what Exchange says.",
    "RFC": "The standard's words; what Exchange says is not known.",
    "own words": "Our own words; what Exchange says is not known.",
}
"""What the grade of a reply's source means."""
NDR_PAGE = "A-: Microsoft, non-delivery reports"

SENDER_OK = reply(250, "2.1.0", "Sender OK", source="A: documents 000 and 001")
RECIPIENT_OK = reply(250, "2.1.5", "Recipient OK", source="A: documents 000 and 001")
START_MAIL_INPUT = reply(354, "", "Start mail input; end with <CRLF>.<CRLF>", source="A: document 001")
CLOSING = reply(221, "2.0.0", "Service closing transmission channel", source="A: documents 000 and 001")
RESETTING = reply(250, "2.0.0", "Resetting", source="N")
OK = reply(250, "2.0.0", "OK", source="N")
CANNOT_VERIFY = reply(252, "2.1.5", "Cannot VRFY user", source="N")
READY_FOR_TLS = reply(220, "2.0.0", "SMTP server ready", source="Bo: Microsoft, relay-access-denied-smtp")
HELP = reply(
    214,
    "",
    "This server supports the following commands:",
    "HELO EHLO STARTTLS RCPT DATA RSET MAIL QUIT HELP AUTH BDAT",
    source="B",
)

USER_NAME = reply(334, "", "VXNlcm5hbWU6", source="own words: base64 of 'Username:', as every client of LOGIN expects")
PASSWORD = reply(334, "", "UGFzc3dvcmQ6", source="own words: base64 of 'Password:', as every client of LOGIN expects")
GO_ON = reply(334, "", "", source="RFC: RFC 4954 §4, an empty challenge")
NTLM_SUPPORTED = reply(334, "", "NTLM supported", source="N")
AUTHENTICATED = reply(235, "2.7.0", "Authentication successful", source="B: supportenterprisevault 100038601")

UNRECOGNIZED_COMMAND = reply(500, "5.3.3", "Unrecognized command", source="A: Microsoft, test-smtp-with-telnet")
LINE_TOO_LONG = reply(500, "5.5.2", "Line too long", source="own words")
BARE_LINE_FEED = reply(500, "5.5.2", "Commands must end with CRLF", source="own words")
INVALID_ARGUMENTS = reply(501, "5.5.4", "Invalid arguments", source="A-: Microsoft, DSNs and NDRs in Exchange 2013")
INVALID_DOMAIN_NAME = reply(501, "5.5.4", "Invalid domain name", source="A: Microsoft, test-smtp-with-telnet")
INVALID_SENDER = reply(
    501, "5.1.7", "Invalid address",
    source="B: supportenterprisevault 100038601; Microsoft, test-smtp-with-telnet, prints 550",
)
INVALID_RECIPIENT = reply(501, "5.1.3", "Invalid address", source="N")
ADDRESS_NOT_ASCII = reply(553, "5.6.7", "Address has characters outside ASCII", source="own words: RFC 6531 §3.5")
DOMAIN_NOT_CLEAR = reply(
    553, "5.6.7", "Domain has characters that IDNA forbids or reads in two ways", source="own words: RFC 5894 §7.2"
)
UNKNOWN_PARAMETER = reply(555, "5.5.4", "Unsupported parameter", source="own words: RFC 5321 §4.1.1.11")
SEND_HELLO_FIRST = reply(503, "5.5.2", "Send hello first", source=NDR_PAGE)
SENDER_ALREADY_SPECIFIED = reply(503, "5.5.2", "Sender already specified", source="N")
NEED_MAIL_COMMAND = reply(503, "5.5.2", "Need mail command", source="N")
NEED_RCPT_COMMAND = reply(503, "5.5.2", "Need rcpt command", source="B")
ALREADY_ON_TLS = reply(503, "5.5.1", "TLS is active already", source="own words")
TLS_NOT_AVAILABLE = reply(454, "4.7.0", "TLS not available due to temporary reason", source="RFC: RFC 3207 §4")
TOO_MANY_ERRORS = reply(
    421, "4.7.0", "Too many errors on this connection, closing transmission channel", source="own words"
)

UNRECOGNIZED_MECHANISM = reply(504, "5.7.4", "Unrecognized authentication type", source="B: nodemailer 189")
NOT_SUCCESSFUL = reply(535, "5.7.3", "Authentication unsuccessful", source="Bo: Microsoft, fix-issues-with-printers")
AUTHENTICATION_NOT_AVAILABLE = reply(454, "4.7.0", "Temporary authentication failure", source="A: Microsoft, 454-4-7-0")
AUTHENTICATION_CANCELLED = reply(501, "5.7.0", "Authentication cancelled", source="own words: RFC 4954 §4")
MALFORMED_RESPONSE = reply(501, "5.5.2", "Cannot decode the authentication response", source="own words: RFC 4954 §4")
RESPONSE_TOO_LONG = reply(500, "5.5.6", "Authentication exchange line is too long", source="RFC: RFC 4954 §6")
ALREADY_AUTHENTICATED = reply(503, "5.5.1", "Client is authenticated already", source="own words: RFC 4954 §4")
AUTH_IN_TRANSACTION = reply(503, "5.5.1", "AUTH cannot come during a mail transaction", source="own words: RFC 4954 §4")
TOO_MANY_FAILURES = reply(421, "4.7.0", "Too many failed sign-ins, closing transmission channel", source="own words")

STARTTLS_FIRST = reply(
    451, "5.7.3", "Must issue a STARTTLS command first",
    source="A: Microsoft, send-receive-emails-socketerror; 451 goes with 4.x.x elsewhere",
)
HEALTH_CHECK = reply(550, "5.7.1", "A health check sends no mail", source="own words: PROXY protocol, section 2.2")
SPEAKS_FOR_NOBODY = reply(550, "5.7.1", "Not allowed to speak for others", source="own words: Postfix, XCLIENT_README")
NOT_AUTHENTICATED = reply(530, "5.7.1", "Client was not authenticated", source="A: Microsoft, test-smtp-with-telnet")
SEND_AS_DENIED = reply(550, "5.7.1", "Client does not have permissions to send as this sender", source="N")
BLOCKED_ADDRESS = reply(
    550, "5.7.1", "Recipient not authorized, your IP address is on the IP Block list", source="own words"
)
BLOCK_LISTED = reply(
    550, "5.7.1", "Recipient not authorized, your IP has been found on a block list", source="B: Broadcom 169925"
)
SENDER_DENIED = reply(554, "5.1.0", "Sender Denied", source="A: Microsoft, sender-filtering")
UNABLE_TO_RELAY = reply(550, "5.7.1", "Unable to relay", source="A: Microsoft, allow-anonymous-relay")
USER_UNKNOWN = reply(550, "5.1.1", "User unknown", source="A: documents 000 and 001")
TOO_MANY_RECIPIENTS = reply(452, "4.5.3", "Too many recipients", source="A: Microsoft, message-size-limits")
DIRECTORY_NOT_AVAILABLE = reply(
    451, "4.3.0", "Recipient directory is not available, try again later", source="own words"
)
MESSAGE_TOO_LARGE = reply(552, "5.3.4", "Message size exceeds fixed maximum message size", source=NDR_PAGE)
HEADER_TOO_LARGE = reply(552, "5.3.4", "Header size exceeds fixed maximum size", source="own words")
RESERVED_TOP_LEVEL = reply(550, "5.1.4", "Recipient address reserved by RFC 2606", source=NDR_PAGE)
RESERVED_SECOND_LEVEL = reply(550, "5.1.5", "Recipient address reserved by RFC 2606", source=NDR_PAGE)
SINGLE_LABEL = reply(550, "5.1.6", "Recipient addresses in single label domains not accepted", source=NDR_PAGE)
BARE_LINE_FEEDS = reply(550, "5.6.11", "Message has bare line feeds, which RFC 5321 forbids", source="own words")
BINARY_NEEDS_CHUNKS = reply(503, "5.5.1", "A binary message must be sent with BDAT", source="own words: RFC 3030 §3")
CHUNKS_HAVE_BEGUN = reply(503, "5.5.1", "The message has begun with BDAT", source="own words: RFC 3030 §2")
HOP_COUNT_EXCEEDED = reply(554, "5.4.6", "Hop count exceeded - possible mail loop", source=NDR_PAGE)

NOT_FOR_THIS_CLIENT = reply(459, "4.7.1", "Node not allowed", source="own words: RFC 1985 §5.1")
CANNOT_QUEUE = reply(458, "4.3.0", "Unable to queue messages, try again later", source="own words: RFC 1985 §5.1")
ASKED_TOO_OFTEN = reply(458, "4.7.1", "Unable to queue messages, asked too often", source="own words: RFC 1985 §5.1")
QUEUING_STARTED = reply(250, "2.0.0", "Queuing started", source="own words: RFC 1985 §5.1 and Postfix")
NOTHING_WAITS = reply(251, "2.0.0", "No messages waiting", source="own words: RFC 1985 §5.1")
SIGN_IN_FIRST = reply(530, "5.7.0", "Authentication required", source="RFC: RFC 2645 §5.2.1")
TURN_REFUSED = reply(450, "4.7.1", "Request refused", source="own words: RFC 2645 §5.2.1")
CANNOT_TURN = reply(451, "4.3.0", "Unable to process the request now", source="own words: RFC 2645 §5.2.1")
YOU_HAVE_NO_MAIL = reply(453, "", "You have no mail", source="RFC: RFC 2645 §5.2.1")
REVERSING = reply(250, "2.0.0", "OK now reversing the connection", source="RFC: RFC 2645 §5.2.1")
IN_TRANSACTION = reply(503, "5.5.1", "Not allowed during a mail transaction", source="own words: RFC 1985 §5.1")

TOO_MANY_CONNECTIONS = reply(
    421, "4.3.2", "The maximum number of concurrent connections has been reached, closing transmission channel",
    source="own words: code and status as for one source",
)
TOO_MANY_FROM_SOURCE = reply(
    421,
    "4.3.2",
    "The maximum number of concurrent server connections has exceeded a per-source limit, "
    "closing transmission channel",
    source="B: learn.microsoft.com/answers 407670",
)
RATE_EXCEEDED = reply(
    421, "4.4.2", "Message submission rate for this client has exceeded the configured limit",
    source="B: serverfault 833887",
)
NO_CONNECTOR = reply(554, "5.7.1", "No Receive connector answers this address", source="own words")
SPOKE_TOO_EARLY = reply(554, "5.5.1", "Client must wait for the greeting", source="own words")
TLS_AT_ONCE = reply(
    554, "5.5.1", "Client speaks TLS at once: use the port with implicit TLS, or STARTTLS on this one",
    source="own words",
)
INSUFFICIENT_RESOURCES = reply(452, "4.3.1", "Insufficient system resources", source=NDR_PAGE)
INACTIVITY_TIMEOUT = reply(451, "4.7.0", "Timeout waiting for client input", source="B")
CONNECTION_TIMEOUT = reply(421, "4.4.1", "Connection timed out", source="B: servolutions")
NOT_AVAILABLE = reply(421, "4.3.2", "Service not available, closing transmission channel", source="B: NMAP")
INTERNAL_FAULT = reply(421, "4.3.0", "Temporary server error, closing transmission channel", source="own words")


def challenge(token: bytes) -> Reply:
    """What the client must answer next, as base64 (RFC 4954 §4)."""
    return reply(334, "", base64.b64encode(token).decode("ascii"))


def blocked(text: str) -> Reply:
    """The administrator's own words to a client on a block list; cut to what a line may hold (RFC 5321 §4.5.3.1.5)."""
    return reply(550, "5.7.1", text[:490])


def chunk_taken(size: int) -> Reply:
    """The answer to a BDAT that is not the last (RFC 3030 §2)."""
    return reply(250, "2.6.0", f"CHUNK received OK, {size} octets")


def pending(messages: int) -> Reply:
    """How many messages now leave for a domain (RFC 1985 §5.1)."""
    return reply(253, "2.0.0", f"{messages} pending message{'' if messages == 1 else 's'} started")


def queued(message_id: str, internal_id: int, host_name: str) -> Reply:
    """The answer to end-of-data (A, Exchange reference section 5.3)."""
    identity = f"{message_id} [InternalId={internal_id}, Hostname={host_name}]"
    return reply(250, "2.6.0", f"{identity} Queued mail for delivery")
