"""What holds for the whole organization (Set-TransportConfig). Exchange reference, section 1.6.

Exchange tells external from internal senders; a gateway reports to all in the same way, by the settings for external
ones.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from transport.config.kinds import Kind, Setting

# A row of the table is a paragraph, whatever its length.
# fmt: off

CMDLET = "Set-TransportConfig"
DAY = 24 * 3600


class TransportConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much strangers may send, and who reports to senders, and what. Sizes in bytes."""

    max_receive_size: Annotated[
        int | None,
        Setting(
            "MaxReceiveSize", "General", Kind.SIZE, "Maximum receive message size",
            "For clients that have not signed in, whatever a connector allows them. Unlimited: the connectors decide.",
            CMDLET, minimum=65536, maximum=2147482624, unlimited=True,
        ),
    ] = None
    external_postmaster_address: Annotated[
        str,
        Setting(
            "ExternalPostmasterAddress", "Reports to senders", Kind.TEXT, "Postmaster address",
            "From whom reports come. Empty: postmaster at the default accepted domain.", CMDLET, maximum=320,
        ),
    ] = ""
    external_delay_dsn_enabled: Annotated[
        bool,
        Setting(
            "ExternalDelayDsnEnabled", "Reports to senders", Kind.FLAG, "Tell senders that a message is delayed",
            "Off: a sender hears nothing until the message is delivered or given up.", CMDLET,
        ),
    ] = True
    external_dsn_max_message_attach_size: Annotated[
        int,
        Setting(
            "ExternalDsnMaxMessageAttachSize", "Reports to senders", Kind.SIZE, "Largest message that is returned",
            "A report on a larger one carries its header only.", CMDLET, minimum=0, maximum=2147483647,
        ),
    ] = 10 * 1024 * 1024
    refusal_reference_page: Annotated[
        str,
        Setting(
            "RefusalReferencePage", "References in refusals", Kind.WEB_ADDRESS, "Page that explains a refusal",
            "Where those who are refused reach the page /refused/ of this console, such as "
            "https://mail.contoso.com/refused/. Each refusal then ends with this address and a reference; the page "
            "says in plain words what it means, and nothing about recipients. Empty: refusals carry no reference.",
            "own: no setting of Exchange", maximum=120,
        ),
    ] = ""
    refusal_reference_age: Annotated[
        int,
        Setting(
            "RefusalReferenceAge", "References in refusals", Kind.TIMESPAN, "References expire after",
            "The page explains no older refusal. Administrators can look up every reference.",
            "own: no setting of Exchange", minimum=DAY, maximum=90 * DAY,
        ),
    ] = 14 * DAY
    send_tls_reports: Annotated[
        bool,
        Setting(
            "SendTlsReports", "Reports about TLS", Kind.FLAG, "Send TLS reports",
            "Once a day, each domain that asks for it (TXT record _smtp._tls) is told how TLS with its mail servers "
            "went. The reports come from the postmaster address.",
            "RFC 8460",
        ),
    ] = False
    tls_report_recipient: Annotated[
        str,
        Setting(
            "TlsReportRecipient", "Reports about TLS", Kind.TEXT, "TLS reports come to",
            "An address of an accepted domain, such as tls-reports@contoso.com; it needs no entry in the directory. "
            "What others report there of TLS with your mail servers is shown under TLS reports, with the DNS record "
            "that asks them for it. Empty: none.",
            "RFC 8460", maximum=320,
        ),
    ] = ""
    alert_recipients: Annotated[
        tuple[str, ...],
        Setting(
            "AlertRecipients", "Alerts", Kind.ADDRESSES, "What needs attention is mailed to",
            "One address on each line. Each is told when something begins to need attention and when that is over, "
            "at most once in ten minutes. Mail leaves by the queue like any other: while that stands still, look at "
            "/healthz. Empty: nobody.",
            CMDLET, maximum=20,
        ),
    ] = ()
    session_record_max_age: Annotated[
        int,
        Setting(
            "SessionRecordMaxAge", "Replay", Kind.TIMESPAN, "Records of sessions are kept for",
            "Each client's session leaves a short record, whatever its connector logs, so that Replay can answer it "
            "again under another configuration. 00:00:00: sessions leave none.",
            CMDLET, minimum=0, maximum=90 * 86400,
        ),
    ] = 7 * 86400
    tls_send_domain_secure_list: Annotated[
        tuple[str, ...],
        Setting(
            "TLSSendDomainSecureList", "Domain Security", Kind.DOMAINS, "Secure domains",
            "One each line. Send connectors with Domain Security deliver to these domains, and to those below them, "
            "only over TLS, to a host whose trusted certificate names the domain, and show their own certificate.",
            CMDLET, maximum=1000,
        ),
    ] = ()
