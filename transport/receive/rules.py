"""The rules that decide, by the names that logs carry: what each means, which setting it comes from, what to do.

A refusal's help page, the reason beside it in the protocol log, and the test that provokes each one follow this table.
"""

from __future__ import annotations

import msgspec

from transport.smtp import replies
from transport.smtp.reply import Reply

# A row of the table is a paragraph, whatever its length.
# fmt: off


class Rule(msgspec.Struct, frozen=True):
    """`remedy` is what an administrator can do; `replies` what a client may see, none for a rule that refuses nothing.

    `on` is the kind of object to open (`receive connector`, `accepted domain`, a filter or its list, `directory`,
    `user`, `certificate`, `transport configuration`, or empty when no setting decides), `field` the setting there,
    `also` the others there that have a part in it; `see` other kinds where the remedy may lie; `text_from` (kind,
    field) where an administrator may have given the reply other words; `protocol_error` counts to the limit.
    """

    meaning: str
    remedy: str = ""
    replies: tuple[Reply, ...] = ()
    on: str = ""
    field: str = ""
    also: tuple[str, ...] = ()
    see: tuple[str, ...] = ()
    text_from: tuple[str, str] = ("", "")
    protocol_error: bool = False


CONNECTOR, BLOCK_LIST, PROVIDER = "receive connector", "ip block list", "list provider"
RECIPIENTS, SENDERS = "recipient filter", "sender filter"
ACCEPTED_DOMAIN, SEND_CONNECTOR = "accepted domain", "send connector"
TRANSPORT_CONFIG = "transport configuration"

CONNECTION: dict[str, Rule] = {
    "no_connector": Rule(
        "No enabled Receive connector on this address holds the client.",
        "Add the client's address to the remote network settings of the connector that should answer it, or enable it.",
        (replies.NO_CONNECTOR,), CONNECTOR, "remote_ip_ranges",
    ),
    "early_talker": Rule(
        "The client sent commands before the greeting.",
        "Real mail software waits; what does not is almost always a spam program. Mend a client of your own, or switch "
        "this off on a connector that holds just its address.",
        (replies.SPOKE_TOO_EARLY,), CONNECTOR, "early_talker_rejection_enabled", protocol_error=True,
    ),
    "tls_at_once": Rule(
        "The client began TLS without asking: it believes that this port speaks TLS from its first octet on.",
        "Set the client to STARTTLS (also called TLS, or explicit TLS), not to SSL or implicit TLS.",
        (replies.TLS_AT_ONCE,), protocol_error=True,
    ),
    "connection_limit": Rule(
        "The connector has as many connections as it may.",
        "If the load is real, raise the limit; if one client holds them all, lower its limit per source.",
        (replies.TOO_MANY_CONNECTIONS,), CONNECTOR, "max_inbound_connection", ("limit_scope",),
    ),
    "source_limit": Rule(
        "This client (an address, of IPv6 a /64 network) has as many connections as it may.",
        "Raise the limit for a busy client of your own, best on a connector that holds just its address.",
        (replies.TOO_MANY_FROM_SOURCE,), CONNECTOR, "max_inbound_connection_per_source", ("limit_scope",),
    ),
    "source_share": Rule(
        "This client (an address, of IPv6 a /64 network) has its share of the connections that others leave free.",
        "Raise the percentage on a connector with few clients: 100 lets one client have them all.",
        (replies.TOO_MANY_FROM_SOURCE,),
        CONNECTOR, "max_inbound_connection_percentage_per_source", ("max_inbound_connection", "limit_scope"),
    ),
    "inactivity_timeout": Rule(
        "The client was silent for too long.",
        "Raise the time-out only for slow devices: an open session counts to the limits on connections.",
        (replies.INACTIVITY_TIMEOUT,), CONNECTOR, "connection_inactivity_timeout",
    ),
    "connection_timeout": Rule(
        "The connection lasted too long.",
        "Let the client send fewer messages in one session, or raise the time-out.",
        (replies.CONNECTION_TIMEOUT,), CONNECTOR, "connection_timeout",
    ),
    "stopping": Rule(
        "This transport was being stopped, or its node was draining.",
        "Nothing: the client tries again.",
        (replies.NOT_AVAILABLE,),
    ),
    "ended_by_administrator": Rule(
        "An administrator ended the session.",
        "Nothing: the client tries again. The change history says who ended it.",
        (replies.NOT_AVAILABLE,),
    ),
    "internal_fault": Rule(
        "This transport met a fault of its own; its log has the details.",
        "Look at the transport's process log and report it; the client tries again.",
        (replies.INTERNAL_FAULT,),
    ),
}

COMMANDS: dict[str, Rule] = {
    "unrecognized_command": Rule(
        "This command does not exist here.",
        "Nothing, for a scanner; look up in the session what a client of your own sends.",
        (replies.UNRECOGNIZED_COMMAND,), protocol_error=True,
    ),
    "out_of_order": Rule(
        "The command came before the one it needs.",
        "Mostly the command before it was refused: look at the replies above this one.",
        (
            replies.SEND_HELLO_FIRST, replies.NEED_MAIL_COMMAND, replies.NEED_RCPT_COMMAND,
            replies.SENDER_ALREADY_SPECIFIED, replies.ALREADY_AUTHENTICATED, replies.AUTH_IN_TRANSACTION,
            replies.CHUNKS_HAVE_BEGUN, replies.IN_TRANSACTION,
        ),
        protocol_error=True,
    ),
    "line_too_long": Rule(
        "A command line was longer than 2,048 octets (8,000 with long addresses, 12,288 where clients may sign in).",
        "Mend the client: no command of SMTP is as long.",
        (replies.LINE_TOO_LONG, replies.RESPONSE_TOO_LONG), protocol_error=True,
    ),
    "bare_line_feed": Rule(
        "A command ended with LF alone; RFC 5321 asks for CRLF.",
        "Mend the script or device: each line ends with CR and LF.",
        (replies.BARE_LINE_FEED,), protocol_error=True,
    ),
    "invalid_arguments": Rule(
        "The command was malformed.",
        "Compare the command in the session with RFC 5321: most often a colon, a bracket or a value is missing.",
        (replies.INVALID_ARGUMENTS,), protocol_error=True,
    ),
    "invalid_domain_name": Rule(
        "The name after HELO or EHLO is no host name.",
        "Give the client a host name of letters, digits, hyphens and dots.",
        (replies.INVALID_DOMAIN_NAME,), protocol_error=True,
    ),
    "ehlo_domain_missing": Rule(
        "The client gave no domain.",
        "Give the client a host name, or let this connector take clients without one.",
        (replies.INVALID_DOMAIN_NAME,), CONNECTOR, "require_ehlo_domain",
    ),
    "invalid_address": Rule(
        "The address is malformed.",
        "Correct the address in the client: local part, @ and domain, in angle brackets.",
        (replies.INVALID_SENDER, replies.INVALID_RECIPIENT), protocol_error=True,
    ),
    "address_not_ascii": Rule(
        "The address has characters outside ASCII.",
        "The client must ask for SMTPUTF8 in MAIL FROM, and the connector must offer it.",
        (replies.ADDRESS_NOT_ASCII,), CONNECTOR, "smtp_utf8_enabled",
    ),
    "domain_not_clear": Rule(
        "The domain has characters that internationalized names may not have, as an emoji, or that the two versions of "
        "IDNA read as two names, as ß and ς.",
        "Write the domain in its ASCII form, which begins with xn--.",
        (replies.DOMAIN_NOT_CLEAR,),
    ),
    "unknown_parameter": Rule(
        "A parameter belongs to no extension offered.",
        "Switch the extension on at the connector's tab Extensions, or off in the client.",
        (replies.UNKNOWN_PARAMETER,), protocol_error=True,
    ),
    "chunking_not_offered": Rule(
        "This connector does not offer CHUNKING.",
        "Switch CHUNKING on, or let the client send with DATA.",
        (replies.UNRECOGNIZED_COMMAND,), CONNECTOR, "chunking_enabled", protocol_error=True,
    ),
    "binary_needs_chunks": Rule(
        "A binary message must be sent with BDAT.",
        "Mend the client: BODY=BINARYMIME and DATA exclude each other.",
        (replies.BINARY_NEEDS_CHUNKS,), protocol_error=True,
    ),
    "xclient_not_allowed": Rule(
        "The client wanted to say with XCLIENT for whom it speaks, and is not believed.",
        "Nothing, for a stranger. For a mail server of your own, name its address among those that speak for clients.",
        (replies.SPEAKS_FOR_NOBODY,), CONNECTOR, "xclient_from",
    ),
    "too_many_errors": Rule(
        "The limit of protocol errors was reached.",
        "Look at the refusals above this one; raise the limit only for a client that you cannot mend.",
        (replies.TOO_MANY_ERRORS,), CONNECTOR, "max_protocol_errors",
    ),
    "tls_not_offered": Rule(
        "This connector does not offer TLS.",
        "Tick TLS on the connector's tab Security, or switch it off in the client.",
        (replies.UNRECOGNIZED_COMMAND,), CONNECTOR, "auth_mechanism", protocol_error=True,
    ),
    "tls_not_available": Rule(
        "There is no usable certificate for this connector.",
        "Add or renew a certificate for the connector's FQDN.",
        (replies.TLS_NOT_AVAILABLE,), "certificate",
    ),
    "tls_active": Rule(
        "The connection is on TLS already.", "Mend the client: it asks for TLS twice.",
        (replies.ALREADY_ON_TLS,), protocol_error=True,
    ),
    "tls_required": Rule(
        "The connector takes mail on TLS only.",
        "Switch TLS (STARTTLS) on in the client, or let the connector take mail without it.",
        (replies.STARTTLS_FIRST,), CONNECTOR, "require_tls",
    ),
}

SIGN_IN: dict[str, Rule] = {
    "sign_in_not_offered": Rule(
        "This connector does not offer this way to sign in, or not before TLS.",
        "Choose an authentication that the client knows on the tab Security, or switch TLS on in the client.",
        (replies.UNRECOGNIZED_MECHANISM,),
        CONNECTOR, "auth_mechanism", ("extended_protection_policy",), protocol_error=True,
    ),
    "sign_in_malformed": Rule(
        "The client's part of the sign-in was malformed.",
        "Mend the client, or let it sign in another way (LOGIN, PLAIN, NTLM).",
        (replies.MALFORMED_RESPONSE,), protocol_error=True,
    ),
    "sign_in_cancelled": Rule(
        "The client gave the sign-in up.", "Nothing; the client may ask its user again.",
        (replies.AUTHENTICATION_CANCELLED,),
    ),
    "sign_in_failed": Rule(
        "User name or password is wrong, or the user is disabled.",
        "Correct both in the client, with the domain before the name; set a new password or enable the user here.",
        (replies.NOT_SUCCESSFUL,), "user",
    ),
    "sign_in_not_bound": Rule(
        "Extended protection: the sign-in was made for another TLS connection, or for none.",
        "Somebody stands between client and server, or the client knows no extended protection: then allow it only.",
        (replies.NOT_SUCCESSFUL,), CONNECTOR, "extended_protection_policy",
    ),
    "sign_in_ticket_refused": Rule(
        "The client's Kerberos ticket does not count here, or its principal is no user, or a disabled one.",
        "Look at the transport's process log for Kerberos' own words: wrong keys (load the newest keytab), a clock that"
        " is wrong, or a principal that needs a user of its name.",
        (replies.NOT_SUCCESSFUL,), "user",
    ),
    "sign_in_without_submit": Rule(
        "The password is right, but neither the user nor a group holds the right Submit on this connector.",
        "Tick Exchange users under permission groups, or grant Submit to the user or to one of the groups.",
        (replies.NOT_SUCCESSFUL,), CONNECTOR, "permission_groups", ("grants",), see=("user",),
    ),
    "sign_in_too_often": Rule(
        "This address has failed to sign in as this user, or as many users, too often; it must wait.",
        "Mend the stored password of the client that keeps trying; the user is not locked out anywhere else.",
        (replies.AUTHENTICATION_NOT_AVAILABLE,), "user",
    ),
    "sign_in_not_available": Rule(
        "The directory could not be asked whether the password is right.",
        "See whether PostgreSQL answers (the transport's problems stand on the overview); the client tries again.",
        (replies.AUTHENTICATION_NOT_AVAILABLE,),
    ),
    "too_many_logon_failures": Rule(
        "The limit of failed sign-ins was reached.",
        "Mend the client's password; the next connection may try again.",
        (replies.TOO_MANY_FAILURES,), CONNECTOR, "max_logon_failures",
    ),
}

SENDER: dict[str, Rule] = {
    "submit_denied": Rule(
        "The client's principal lacks the right Submit: none of its permission groups is on the connector.",
        "Let the client sign in; or tick Anonymous users, or secure the client externally, on the connector that "
        "holds just its address.",
        (replies.NOT_AUTHENTICATED,), CONNECTOR, "permission_groups", ("auth_mechanism", "grants"), see=("user",),
    ),
    "health_check": Rule(
        "A load balancer spoke for itself, as a health check does, and wanted to send mail or to sign in.",
        "Let the load balancer name the client in its PROXY header (TCP4 or TCP6): without it nobody knows whose mail "
        "it is.",
        (replies.HEALTH_CHECK,), CONNECTOR, "proxy_protocol_from",
    ),
    "any_sender_denied": Rule(
        "The client's principal lacks the right Accept any sender.",
        "Grant Accept any sender to the principal, or let the client send as an address of an accepted domain.",
        (replies.SEND_AS_DENIED,), CONNECTOR, "permission_groups", ("grants",),
    ),
    "authoritative_sender_denied": Rule(
        "The sender's domain is ours, and the principal lacks the right Accept authoritative domain sender.",
        "For a client of your own, grant the right on a connector that holds just its address; from outside it is "
        "mostly a forged sender.",
        (replies.SEND_AS_DENIED,), CONNECTOR, "grants", ("permission_groups",),
    ),
    "partner_not_proved": Rule(
        "The sender's domain is one of the secure domains, and the client showed no trusted certificate for it.",
        "Mostly a forged sender. If it is the partner, have them start TLS and show a certificate that holds the "
        "domain; or take the domain off the list.",
        (replies.SEND_AS_DENIED,), CONNECTOR, "tls_receive_domain_secure_list", ("domain_secure_enabled",),
    ),
    "sender_not_own": Rule(
        "The user has no such address, and none of the principals has the right Accept any sender.",
        "Give the user the address, let the client send as its own, or grant Accept any sender.",
        (replies.SEND_AS_DENIED,), CONNECTOR, "grants", ("permission_groups",), see=("user",),
    ),
    "sender_blocked": Rule(
        "The sender, or its domain, is blocked.",
        "Take the address or domain off the list, or put the client on the IP Allow list.",
        (replies.SENDER_DENIED,),
        SENDERS, "blocked_senders", ("blocked_domains", "blocked_domains_and_subdomains", "action"),
        see=("ip allow list",),
    ),
    "from_blocked": Rule(
        "An address of the header From, or its domain, is blocked.",
        "Take the address or domain off the list, or put the client on the IP Allow list.",
        (replies.SENDER_DENIED,),
        SENDERS, "blocked_senders", ("blocked_domains", "blocked_domains_and_subdomains", "action"),
        see=("ip allow list",),
    ),
    "blank_sender_blocked": Rule(
        "Messages without a sender are blocked.",
        "Switch this off: non-delivery reports and read receipts come without a sender.",
        (replies.SENDER_DENIED,), SENDERS, "blank_sender_blocking_enabled", ("action",),
    ),
    "message_rate": Rule(
        "The client has sent as many messages in this minute as it may.",
        "Raise the rate on a connector that holds just this client; it may go on in the next minute.",
        (replies.RATE_EXCEEDED,), CONNECTOR, "message_rate_limit", ("message_rate_source", "limit_scope"),
    ),
    "insufficient_resources": Rule(
        "The disk of this transport is nearly full.",
        "Make room in the data directory; below GATEPOST_MINIMUM_FREE octets no mail is taken, and none is lost.",
        (replies.INSUFFICIENT_RESOURCES,),
    ),
}

RECIPIENT: dict[str, Rule] = {
    "relay_denied": Rule(
        "The recipient's domain is no accepted domain, and the principal lacks the right Accept any recipient.",
        "If the domain is yours, add it to the accepted domains. If the client may relay, let it sign in, or give it a "
        "connector that holds just its address and grants the right.",
        (replies.UNABLE_TO_RELAY,), CONNECTOR, "grants", ("permission_groups", "auth_mechanism"),
        see=(ACCEPTED_DOMAIN,),
    ),
    "rerouting_denied": Rule(
        "The local part holds %, ! or @, which a next hop could take for another destination; only a client that may "
        "relay may send it.",
        "Nothing, for a scanner; a client that may relay needs the right Accept any recipient.",
        (replies.UNABLE_TO_RELAY,), CONNECTOR, "grants", ("permission_groups", "auth_mechanism"),
    ),
    "recipient_limit": Rule(
        "The message has as many recipients as this connector allows.",
        "Mostly nothing: the client sends another message to the rest. Else raise the limit.",
        (replies.TOO_MANY_RECIPIENTS,), CONNECTOR, "max_recipients_per_message",
    ),
    "single_label_domain": Rule(
        "The recipient's domain has a single label.",
        "Let the client write the whole domain, or switch this off.",
        (replies.SINGLE_LABEL,), CONNECTOR, "reject_single_label_recipient_domains",
    ),
    "reserved_top_level_domain": Rule(
        "The recipient's top-level domain is reserved.",
        "Correct the address, or switch this off on a connector for tests.",
        (replies.RESERVED_TOP_LEVEL,), CONNECTOR, "reject_reserved_top_level_recipient_domains",
    ),
    "reserved_second_level_domain": Rule(
        "The recipient's domain is reserved.",
        "Correct the address, or switch this off on a connector for tests.",
        (replies.RESERVED_SECOND_LEVEL,), CONNECTOR, "reject_reserved_second_level_recipient_domains",
    ),
    "ip_block_list": Rule(
        "The client's address is on the IP Block list.",
        "Remove the entry, let it expire, or put the client on the IP Allow list, which goes before.",
        (replies.BLOCKED_ADDRESS,), BLOCK_LIST, text_from=("connection filter", "static_entry_rejection_response"),
        see=("ip allow list",),
    ),
    "ip_block_list_provider": Rule(
        "A block-list provider lists the client's address.",
        "Ask the provider to take the address off, or put it on the IP Allow list, which goes before.",
        (replies.BLOCK_LISTED,), PROVIDER, see=("ip allow list",), text_from=(PROVIDER, "rejection_response"),
    ),
    "recipient_blocked": Rule(
        "The recipient is on the block list.",
        "Take the address off the list of blocked recipients.",
        (replies.USER_UNKNOWN,), RECIPIENTS, "blocked_recipients", ("block_list_enabled",),
    ),
    "recipient_unknown": Rule(
        "The recipient is not in the directory, and messages to unlisted recipients are blocked.",
        "Add the recipient to the directory; it counts within a second.",
        (replies.USER_UNKNOWN,), RECIPIENTS, "recipient_validation_enabled", see=("directory", ACCEPTED_DOMAIN),
    ),
    "directory_not_available": Rule(
        "The recipients were never loaded on this transport.",
        "Let the transport reach PostgreSQL once; from then on it keeps the recipients on its own disk.",
        (replies.DIRECTORY_NOT_AVAILABLE,), "directory",
    ),
}

MESSAGE: dict[str, Rule] = {
    "message_size": Rule(
        "The message is larger than this connector allows.",
        "Raise the maximum message size, or let the sender send less; attachments grow by a third on their way.",
        (replies.MESSAGE_TOO_LARGE,), CONNECTOR, "max_message_size",
    ),
    "organization_message_size": Rule(
        "The message is larger than the organization takes of clients that have not signed in.",
        "Raise the organization's maximum receive size, or let the sender send less.",
        (replies.MESSAGE_TOO_LARGE,), TRANSPORT_CONFIG, "max_receive_size",
    ),
    "header_size": Rule(
        "The header is larger than this connector allows.",
        "Raise the maximum header size, if the client is one of yours.",
        (replies.HEADER_TOO_LARGE,), CONNECTOR, "max_header_size",
    ),
    "bare_line_feeds": Rule(
        "The message has bare line feeds.",
        "Mend the program that wrote the message: each line ends with CR and LF.",
        (replies.BARE_LINE_FEEDS,), CONNECTOR, "bare_linefeed_rejection_enabled",
    ),
    "hop_count": Rule(
        "The message has too many Received headers: it goes in circles.",
        "Look at its Received headers for two servers that send each other the same domain's mail.",
        (replies.HOP_COUNT_EXCEEDED,), CONNECTOR, "max_hop_count", ("max_local_hop_count",),
    ),
    "not_stored": Rule(
        "The message could not be written to disk, or had a long header while too many others were arriving.",
        "Look at the transport's process log and at the disk; the client keeps the message and tries again.",
        (replies.INSUFFICIENT_RESOURCES,),
    ),
}

PICK_UP: dict[str, Rule] = {
    "pick_up_not_allowed": Rule(
        "The client asked for mail that is not kept for it. Who may not ask hears the same of every domain, whether it "
        "is here or not.",
        "For a client of your own, put its user, a group or its address among those who may ask for the domain's mail, "
        "and let it ask for just that domain.",
        (replies.NOT_FOR_THIS_CLIENT, replies.TURN_REFUSED),
        ACCEPTED_DOMAIN, "pick_up_principals", ("pick_up_ranges", "pick_up_methods"),
    ),
    "pick_up_not_offered": Rule(
        "The client asked for waiting mail; no accepted domain's is kept to be asked for so, or not on this connector.",
        "Let the accepted domain's mail be kept until it is asked for by this command, and let the connector offer it.",
        (replies.UNRECOGNIZED_COMMAND,), CONNECTOR, "pick_up_enabled", see=(ACCEPTED_DOMAIN,), protocol_error=True,
    ),
    "pick_up_too_often": Rule(
        "The client has asked for mail as often in this hour as it may.",
        "Let the client ask less often: what has been asked for once leaves by itself.",
        (replies.ASKED_TOO_OFTEN,),
    ),
    "pick_up_not_available": Rule(
        "The queue could not be asked for the mail.",
        "See whether PostgreSQL answers (the transport's problems stand on the overview); the client asks again.",
        (replies.CANNOT_QUEUE, replies.CANNOT_TURN),
    ),
    "pick_up_without_sign_in": Rule(
        "The client asked for mail over its own connection before it had signed in.",
        "Let the client sign in first: ATRN and TURN hand mail to whoever asks.",
        (replies.SIGN_IN_FIRST,),
    ),
    "pick_up_nothing_waits": Rule(
        "No mail is kept for the domains that the client asked for.", "Nothing.", (replies.YOU_HAVE_NO_MAIL,)
    ),
}

CLOSED: dict[str, Rule] = {
    "proxy_header_missing": Rule(
        "The client is named as a load balancer of this binding, and did not begin with a PROXY header.",
        "Switch the PROXY protocol on in the load balancer (HAProxy: send-proxy-v2, and check-send-proxy for its "
        "health checks), or take its address off the list.",
        on=CONNECTOR, field="proxy_protocol_from",
    ),
    "proxy_header_broken": Rule(
        "The PROXY header of a load balancer cannot be read, or is too long.",
        "Compare it with the PROXY protocol, versions 1 and 2; update the load balancer.",
        on=CONNECTOR, field="proxy_protocol_from",
    ),
    "proxy_header_late": Rule(
        "The PROXY header of a load balancer did not come, or not all of it, within 5 seconds.",
        "Switch the PROXY protocol on in the load balancer, or take its address off the list.",
        on=CONNECTOR, field="proxy_protocol_from",
    ),
}
"""What is closed without a word."""

ALLOWED: dict[str, Rule] = {
    "signed_in": Rule("User name and password are right."),
    "accepted_domain": Rule("The recipient's domain is an accepted domain.", on=ACCEPTED_DOMAIN),
    "recipient_listed": Rule("The recipient is in the directory.", on="directory"),
    "relay_allowed": Rule("The principal holds the right Accept any recipient.", on=CONNECTOR, field="grants"),
    "relay_by_connector": Rule(
        "A Send connector allows messages to be relayed to the recipient's domain, whoever hands them in.",
        "Clear Allow messages to be relayed to these domains on the Send connector that the domain falls under.",
        on=SEND_CONNECTOR, field="allow_relay",
    ),
    "queued": Rule("The message is on disk."),
    "turned_round": Rule("The client gets the mail of its domains.", on=ACCEPTED_DOMAIN, field="pick_up_principals"),
    "picked_up": Rule("The client may ask for this domain's mail.", on=ACCEPTED_DOMAIN, field="pick_up_principals"),
}

REFUSALS = CONNECTION | COMMANDS | SIGN_IN | SENDER | RECIPIENT | MESSAGE | PICK_UP
RULES = REFUSALS | CLOSED | ALLOWED


def answer_of(rule: str) -> Reply:
    """What a client is told by a rule that refuses, of several replies the usual one."""
    return RULES[rule].replies[0]
