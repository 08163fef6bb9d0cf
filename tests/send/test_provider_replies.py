"""What the replies of providers mean; each as Sending mail outward, sections 1.4 to 1.7, has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.config.send_connector import Provider, SendConnector
from transport.send.provider_replies import TABLE, Act, Whose, before_mail, ruling

M365, RELAY, GOOGLE, SES = Provider.Microsoft365, Provider.Microsoft365Relay, Provider.GoogleRelay, Provider.AmazonSES
EXCEEDED = "STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message"


def to(provider: Provider = Provider.Other, **changes: object) -> SendConnector:
    smart = {"dns_routing_enabled": False, "smart_hosts": ("smtp.example.test",)}
    return SendConnector(name="Out", provider=provider, **(smart | changes))  # type: ignore[arg-type]


# fmt: off
HOLDS = [
    (M365, 530, "5.7.57 Client not authenticated to send mail.", Act.STOP, Whose.CONNECTOR),
    (M365, 550, "5.7.57 Client was not authenticated to send anonymous mail", Act.STOP, Whose.CONNECTOR),
    (M365, 550, "5.7.30 Basic authentication is not supported for Client Submission.", Act.STOP, Whose.ACCOUNT),
    (M365, 554, f"5.2.0 {EXCEEDED}", Act.WAIT, Whose.ACCOUNT),
    (M365, 550, "5.1.90 Your message can't be sent because you've reached your daily limit", Act.WAIT, Whose.ACCOUNT),
    (M365, 550, "5.7.233 Your message can't be sent, tenant external recipient rate limit", Act.WAIT, Whose.CONNECTOR),
    (M365, 550, "5.7.232 Your message can't be sent, trial tenant", Act.WAIT, Whose.CONNECTOR),
    (M365, 432, "4.3.2 Concurrent connections limit exceeded.", Act.SLOW, Whose.HOP),
    (M365, 432, "4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded", Act.SLOW, Whose.HOP),
    (M365, 554, "5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException", Act.STOP, Whose.ACCOUNT),
    (M365, 550, "5.1.8 Access denied, bad outbound sender", Act.STOP, Whose.ACCOUNT),
    (M365, 550, "5.7.705 Access denied, tenant has exceeded threshold", Act.STOP, Whose.CONNECTOR),
    (RELAY, 550, "5.7.64 TenantAttribution; Relay Access Denied", Act.STOP, Whose.CONNECTOR),
    (RELAY, 550, "5.7.68 TenantInboundAttribution; Direct Send not allowed", Act.STOP, Whose.CONNECTOR),
    (RELAY, 451, "4.7.500 Server busy. Please try again later from [192.0.2.1].", Act.WAIT, Whose.CONNECTOR),
    (RELAY, 451, "4.7.851 Access denied, please try again later", Act.WAIT, Whose.CONNECTOR),
    (GOOGLE, 550, "5.4.5 Daily SMTP relay limit exceeded for user.", Act.WAIT, Whose.ACCOUNT),
    (GOOGLE, 550, "5.7.1 Daily SMTP relay limit exceeded for customer.", Act.WAIT, Whose.CONNECTOR),
    (GOOGLE, 450, "4.2.1 Peak SMTP relay limit exceeded for customer.", Act.WAIT, Whose.CONNECTOR),
    (Provider.Gmail, 550, "5.4.5 Daily user sending limit exceeded.", Act.WAIT, Whose.ACCOUNT),
    (SES, 454, "Throttling failure: Maximum sending rate exceeded", Act.SLOW, Whose.HOP),
    (SES, 454, "Throttling failure: Daily message quota exceeded", Act.WAIT, Whose.CONNECTOR),
    (Provider.SendGrid, 451, "Authentication failed: Maximum credits exceeded", Act.WAIT, Whose.ACCOUNT),
    (Provider.Other, 530, "5.7.0 Must issue a STARTTLS command first", Act.STOP, Whose.CONNECTOR),
    (Provider.Other, 421, "4.7.0 Too many concurrent connections", Act.SLOW, Whose.HOP),
]
JUDGED = [
    (M365, 550, "5.7.60 SMTP; Client does not have permissions to send as this sender"),
    (M365, 554, "5.2.252 SendAsDenied; app@contoso.com not allowed to send as x@contoso.com; STOREDRV.Submission"),
    (M365, 554, "5.2.0 STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied"),
    (M365, 550, "5.7.30 REQUIRETLS support required"),
    (M365, 550, "5.1.1 User unknown"),
    (M365, 552, "5.2.2 The recipient's mailbox is full"),
    (M365, 250, "2.0.0 OK"),
    (GOOGLE, 550, "5.7.26 This mail is unauthenticated"),
    (GOOGLE, 450, "4.2.1 The user you are trying to contact is receiving mail too quickly"),
    (SES, 554, "Message rejected: Email address is not verified."),
    (Provider.Other, 554, f"5.2.0 {EXCEEDED}"),
]
# fmt: on


@pytest.mark.parametrize(("provider", "code", "text", "act", "whose"), HOLDS)
def test_what_is_about_no_message_holds_the_mail(
    provider: Provider, code: int, text: str, act: Act, whose: Whose
) -> None:
    found = ruling(to(provider), f"{code} {text}")
    assert found is not None
    assert (found.act, found.whose) == (act, whose)
    assert found.words.endswith(f"The server said: {code} {text}") and found.seconds > 0


@pytest.mark.parametrize(("provider", "code", "text"), JUDGED)
def test_what_is_about_a_message_is_judged_by_its_code(provider: Provider, code: int, text: str) -> None:
    assert ruling(to(provider), f"{code} {text}") is None


def test_a_host_that_an_mx_record_leads_to_speaks_of_messages_alone() -> None:
    mx = to(M365, dns_routing_enabled=True, smart_hosts=())
    assert ruling(mx, "530 5.7.57 Client not authenticated to send mail.") is None
    assert before_mail(mx, "554 5.7.1 No") is None


def test_a_smart_host_that_takes_no_connection_is_the_connectors_fault() -> None:
    found = before_mail(to(), "554 5.7.1 You are not allowed to connect")
    assert found is not None and (found.act, found.whose) == (Act.STOP, Whose.CONNECTOR)
    assert before_mail(to(), "421 4.3.2 Shutting down") is None
    assert before_mail(to(), "timed out") is None
    slow = before_mail(to(M365), "432 4.3.2 Concurrent connections limit exceeded.")
    assert slow is not None and slow.act is Act.SLOW


def test_every_provider_has_its_row() -> None:
    assert set(TABLE) == set(Provider)


@given(st.sampled_from(Provider), st.integers(200, 599), st.text(max_size=600))
def test_any_text_is_read_and_success_holds_nothing(provider: Provider, code: int, text: str) -> None:
    found = ruling(to(provider), f"{code} {text}")
    assert found is None or code >= 400
