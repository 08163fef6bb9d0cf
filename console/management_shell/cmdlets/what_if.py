"""Test-Message: what a client would hear, and where its mail would go. Exchange's cmdlet of this name asks its
transport rules alone; ours asks all that decides, and so takes who sends from where.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from console.management_shell.cmdlets.guard import Fields, guarded
from console.management_shell.cmdlets.results import octets
from console.management_shell.language.cmdlet import Call, Cmdlet, Parameter
from console.management_shell.language.values import Record, read_count, read_text, read_texts
from console.what_if import dns_answers, queries
from console.what_if.forms import DialogueForm
from console.what_if.reading import Reading, Said

NAMES = {
    "client": "ClientIPAddress",
    "local": "LocalEndpoint",
    "front_end": "LoadBalancer",
    "helo": "HeloName",
    "sender": "Sender",
    "recipients": "Recipients",
    "user": "User",
    "certificate": "CertificateNames",
    "size": "Size",
    "revision": "Revision",
    "dns": "DnsRecords",
    "file": "MessageFileData",
}
"""Field of the page's form → parameter."""


def _test(call: Call) -> Iterator[object]:
    form = _form(call)
    if not form.is_valid():
        raise ValidationError(form.errors.as_data())
    snapshot = queries.revision(form.cleaned_data["revision"])
    dialogue, records = form.dialogue, form.cleaned_data["dns"]
    if call.get("AskDns"):
        records = queries.looked_up(snapshot, dialogue, records)
    yield _record(Reading(queries.answer(snapshot, dialogue, records)), snapshot.revision)


def _form(call: Call) -> DialogueForm:
    given = {field: call.get(name) for field, name in NAMES.items() if field != "file" and name in call.arguments}
    data: dict[str, Any] = {field: "\n".join(each) if isinstance(each, list) else each for field, each in given.items()}
    data |= {"tls": bool(call.get("Tls")), "hello": "HELO" if call.get("Helo") else "EHLO"}
    data.setdefault("local", DialogueForm().fields["local"].initial)
    content = octets(call.get("MessageFileData")) if "MessageFileData" in call.arguments else None
    files = {"file": SimpleUploadedFile("message.eml", content)} if content else {}
    return DialogueForm(data, files)


def _record(reading: Reading, revision: int) -> Record:
    answer, refused = reading.answer, reading.refused
    values: dict[str, object] = {
        "Revision": revision,
        "ReceiveConnector": reading.connector or None,
        "RemoteIPRange": answer.match.remote.text if answer.match is not None else None,
        "PassedOver": tuple(f"{each.name}: {each.why}" for each in reading.others),
        "Principal": answer.principal,
        "Rights": tuple(origin.right.value for origin in answer.origins if origin.is_held),
        "RightsFrom": tuple(f"{each.label}: {', '.join(each.sources)}" for each in reading.rights),
        "Accepted": answer.accepted is not None,
        "Reply": (refused.step if refused is not None else answer.steps[-1]).text,
        "RefusedBy": refused.step.rule if refused is not None else None,
        "Reason": refused.meaning if refused is not None else None,
        "Recipients": answer.recipients,
        "Route": tuple(f"{way.recipient}: {way.report or way.words}" for way in answer.ways),
        "NextHop": tuple(f"{way.hop.delivery_type.value} {way.hop.domain}" for way in answer.ways if not way.hop.error),
        "Tls": tuple(f"{way.recipient}: {way.tls}" for way in answer.ways if way.tls),
        "DnsRecords": tuple(dns_answers.written(answer.questions).splitlines()),
        "Steps": list(map(_step, reading.steps)),
    }
    return Record("TestMessage", values, ("ReceiveConnector", "Principal", "Accepted", "Reply"))


def _step(said: Said) -> Record:
    step = said.step
    asked = tuple(f"{each.question}: {each.found}" for each in said.asked)
    values: dict[str, object] = {"Command": step.said, "Reply": step.text, "DecidedBy": step.rule, "Asked": asked}
    return Record("TestMessageStep", values, ("Command", "Reply", "DecidedBy"), name=f"{step.said} → {step.text}")


TABLE = {
    "Test-Message": guarded(
        Cmdlet(
            "Test-Message",
            _test,
            (
                Parameter("Recipients", read_texts, position=0, help="To whom the message would be."),
                Parameter("ClientIPAddress", read_text, mandatory=True, help="The address that the client comes from."),
                Parameter(
                    "LocalEndpoint",
                    read_text,
                    also={"Server": ""},
                    help="The address and port that it connects to; without it those of the first connector.",
                ),
                Parameter("LoadBalancer", read_text, help="The one that connects there and names the client (PROXY)."),
                Parameter("HeloName", read_text, help="What it says after EHLO."),
                Parameter("Helo", switch=True, help="It says HELO, not EHLO."),
                Parameter("Sender", read_text, help="From whom; without it a report, which has no sender."),
                Parameter("User", read_text, help="Who has signed in; without it nobody. No password is needed."),
                Parameter("Tls", switch=True, help="It starts TLS."),
                Parameter("CertificateNames", read_texts, help="The host names in the certificate that it shows."),
                Parameter("Size", read_text, help="Of the message, such as 36MB."),
                Parameter("MessageFileData", help="The message, or its header: octets, or a text."),
                Parameter(
                    "DnsRecords", read_texts, help="What DNS says, such as 'A 2.0.0.127.bl.example = 127.0.0.2'."
                ),
                Parameter("AskDns", switch=True, help="What is not given is asked of DNS now."),
                Parameter("Revision", read_count, help="Under which; without it the newest."),
            ),
            "Says what a client would hear, why, and where its mail would go. Nothing is sent.",
            {
                "Test-Message bob@fabrikam.com -ClientIPAddress 192.168.5.77 -Sender anna@contoso.com | fl": (
                    "The connector, the reply, the rule that refused, and the rights of the client."
                ),
                "(Test-Message bob@fabrikam.com -ClientIPAddress 192.168.5.77).Steps | ft": (
                    "The dialogue, each reply with the rule that decided."
                ),
            },
        ),
        Fields(names=NAMES),
    )
}
