"""The rules that decide, by the names that logs carry: what each means and which setting it comes from."""

from __future__ import annotations

import msgspec


class Rule(msgspec.Struct, frozen=True):
    """`on` is the kind of object to open (`receive connector`, `accepted domain`, a filter or its list, `directory`,
    `certificate`, `transport configuration`, or empty when no setting decides), `field` the setting there;
    `protocol_error` counts to the limit.
    """

    meaning: str
    on: str = ""
    field: str = ""
    protocol_error: bool = False


CONNECTOR = "receive connector"
TRANSPORT_CONFIG = "transport configuration"
RULES: dict[str, Rule] = {
    "no_connector": Rule(
        "No enabled Receive connector on this address holds the client.", CONNECTOR, "remote_ip_ranges"
    ),
    "early_talker": Rule("The client sent commands before the greeting.", protocol_error=True),
    "unrecognized_command": Rule("This command does not exist here.", protocol_error=True),
    "out_of_order": Rule("The command came before the one it needs.", protocol_error=True),
    "line_too_long": Rule("A command line was longer than 2,048 octets.", protocol_error=True),
    "bare_line_feed": Rule("A command ended with LF alone; RFC 5321 asks for CRLF.", protocol_error=True),
    "invalid_arguments": Rule("The command was malformed.", protocol_error=True),
    "invalid_domain_name": Rule("The name after HELO or EHLO is no host name.", protocol_error=True),
    "invalid_address": Rule("The address is malformed.", protocol_error=True),
    "address_not_ascii": Rule("The address has characters outside ASCII."),
    "unknown_parameter": Rule("A parameter belongs to no extension offered.", protocol_error=True),
    "too_many_errors": Rule("The limit of protocol errors was reached.", CONNECTOR, "max_protocol_errors"),
    "tls_not_offered": Rule("This connector does not offer TLS.", CONNECTOR, "auth_mechanism", protocol_error=True),
    "tls_not_available": Rule("There is no usable certificate for this connector.", "certificate"),
    "tls_active": Rule("The connection is on TLS already.", protocol_error=True),
    "submit_denied": Rule(
        "The client's principal lacks the right Submit: none of its permission groups is on the connector.",
        CONNECTOR, "permission_groups",
    ),
    "any_sender_denied": Rule(
        "The client's principal lacks the right Accept any sender.", CONNECTOR, "permission_groups"
    ),
    "authoritative_sender_denied": Rule(
        "The sender's domain is ours, and the principal lacks the right Accept authoritative domain sender.",
        CONNECTOR, "grants",
    ),
    "sender_not_own": Rule(
        "The user has no such address, and none of the principals has the right Accept any sender.", CONNECTOR, "grants"
    ),
    "sign_in_not_offered": Rule(
        "This connector does not offer this way to sign in, or not before TLS.",
        CONNECTOR, "auth_mechanism", protocol_error=True,
    ),
    "sign_in_malformed": Rule("The client's part of the sign-in was malformed.", protocol_error=True),
    "sign_in_cancelled": Rule("The client gave the sign-in up."),
    "sign_in_failed": Rule("User name or password is wrong, or the user is disabled."),
    "sign_in_without_submit": Rule(
        "The password is right, but neither the user nor a group holds the right Submit on this connector.",
        CONNECTOR, "permission_groups",
    ),
    "sign_in_too_often": Rule("This address has failed to sign in as this user too often; it must wait."),
    "sign_in_not_available": Rule("The directory could not be asked whether the password is right."),
    "too_many_logon_failures": Rule("The limit of failed sign-ins was reached.", CONNECTOR, "max_logon_failures"),
    "signed_in": Rule("User name and password are right."),
    "message_size": Rule("The message is larger than this connector allows.", CONNECTOR, "max_message_size"),
    "organization_message_size": Rule(
        "The message is larger than the organization takes of clients that have not signed in.",
        TRANSPORT_CONFIG, "max_receive_size",
    ),
    "header_size": Rule("The header is larger than this connector allows.", CONNECTOR, "max_header_size"),
    "connection_limit": Rule("The connector has as many connections as it may.", CONNECTOR, "max_inbound_connection"),
    "source_limit": Rule(
        "This address has as many connections as it may.", CONNECTOR, "max_inbound_connection_per_source"
    ),
    "source_share": Rule(
        "This address has its share of the connections that others leave free.",
        CONNECTOR, "max_inbound_connection_percentage_per_source",
    ),
    "message_rate": Rule(
        "The client has sent as many messages in this minute as it may.", CONNECTOR, "message_rate_limit"
    ),
    "tls_required": Rule("The connector takes mail on TLS only.", CONNECTOR, "require_tls"),
    "ehlo_domain_missing": Rule("The client gave no domain.", CONNECTOR, "require_ehlo_domain"),
    "single_label_domain": Rule(
        "The recipient's domain has a single label.", CONNECTOR, "reject_single_label_recipient_domains"
    ),
    "reserved_top_level_domain": Rule(
        "The recipient's top-level domain is reserved.", CONNECTOR, "reject_reserved_top_level_recipient_domains"
    ),
    "reserved_second_level_domain": Rule(
        "The recipient's domain is reserved.", CONNECTOR, "reject_reserved_second_level_recipient_domains"
    ),
    "bare_line_feeds": Rule("The message has bare line feeds.", CONNECTOR, "bare_linefeed_rejection_enabled"),
    "binary_needs_chunks": Rule("A binary message must be sent with BDAT.", protocol_error=True),
    "chunking_not_offered": Rule(
        "This connector does not offer CHUNKING.", CONNECTOR, "chunking_enabled", protocol_error=True
    ),
    "hop_count": Rule("The message has too many Received headers: it goes in circles.", CONNECTOR, "max_hop_count"),
    "recipient_limit": Rule(
        "The message has as many recipients as this connector allows.", CONNECTOR, "max_recipients_per_message"
    ),
    "relay_denied": Rule(
        "The recipient's domain is no accepted domain, and the principal lacks the right Accept any recipient.",
        CONNECTOR, "grants",
    ),
    "rerouting_denied": Rule(
        "The local part holds %, ! or @, which a next hop could take for another destination; only a client that may "
        "relay may send it.",
        CONNECTOR, "grants",
    ),
    "recipient_unknown": Rule(
        "The recipient is not in the directory, and messages to unlisted recipients are blocked.",
        "recipient filter", "recipient_validation_enabled",
    ),
    "ip_block_list": Rule("The client's address is on the IP Block list.", "ip block list"),
    "ip_block_list_provider": Rule("A block-list provider lists the client's address.", "list provider"),
    "recipient_blocked": Rule("The recipient is on the block list.", "recipient filter", "blocked_recipients"),
    "sender_blocked": Rule("The sender, or its domain, is blocked.", "sender filter", "blocked_senders"),
    "from_blocked": Rule(
        "An address of the header From, or its domain, is blocked.", "sender filter", "blocked_senders"
    ),
    "blank_sender_blocked": Rule(
        "Messages without a sender are blocked.", "sender filter", "blank_sender_blocking_enabled"
    ),
    "directory_not_available": Rule("The recipients were never loaded on this transport.", "directory"),
    "insufficient_resources": Rule("The disk of this transport is nearly full."),
    "not_stored": Rule("The message could not be written to disk."),
    "inactivity_timeout": Rule("The client was silent for too long.", CONNECTOR, "connection_inactivity_timeout"),
    "connection_timeout": Rule("The connection lasted too long.", CONNECTOR, "connection_timeout"),
    "stopping": Rule("This transport was being stopped."),
    "internal_fault": Rule("This transport met a fault of its own; its log has the details."),
    "accepted_domain": Rule("The recipient's domain is an accepted domain.", "accepted domain"),
    "recipient_listed": Rule("The recipient is in the directory.", "directory"),
    "relay_allowed": Rule("The principal holds the right Accept any recipient.", CONNECTOR, "grants"),
    "queued": Rule("The message is on disk."),
}
