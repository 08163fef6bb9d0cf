"""What a client would do, as people write it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast
from urllib.parse import urlencode

from cryptography import x509
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from console.connectors.mail_route import SIZE
from console.connectors.own_addresses import one_of
from console.crud.forms import ReadingForm
from console.publishing import queries as publishing
from console.users import queries as users
from console.what_if import dns_answers
from transport.config import bounds, kinds
from transport.config.endpoint import Binding, address_of, parse_binding
from transport.config.host_name import host_name
from transport.config.snapshot import Snapshot
from transport.trace.what_if import Dialogue, Question

MOST = bounds.WHAT_IF
LONGEST_LINE = bounds.SIGN_IN_LINE.octets or 0
USUAL = ("client", "local", "helo", "user", "sender", "recipients")
LARGEST_CERTIFICATE = 100_000
"""Octets, with its chain."""
MONO = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}


def _text(label: Any, required: bool = False, help_text: Any = "", longest: int = LONGEST_LINE) -> forms.CharField:
    widget = forms.TextInput(MONO)
    return forms.CharField(label=label, required=required, help_text=help_text, max_length=longest, widget=widget)


class DialogueForm(ReadingForm, forms.Form):
    """`dialogue` is what was entered, once it is valid."""

    client = _text(_("Client's address"), required=True, longest=45)
    local = _text(_("Connects to"), required=True, longest=60, help_text=_("An address and port of this server."))
    helo = _text(_("HELO or EHLO name"))
    sender = _text(_("Sender"), help_text=_("Empty: a report, which has none."))
    recipients = forms.CharField(
        label=_("Recipients"),
        required=False,
        max_length=200_000,
        help_text=_("One on each line."),
        widget=forms.Textarea(MONO | {"rows": 2}),
    )
    user = _text(_("User who signed in"), longest=320, help_text=_("Empty: nobody did. No password is needed."))
    front_end = _text(
        _("Load balancer"), longest=45, help_text=_("Its address, if it connects there and names the client (PROXY).")
    )
    tls = forms.BooleanField(label=_("TLS (STARTTLS)"), required=False)
    certificate = _text(
        _("Client certificate"), longest=4000, help_text=_("The host names in it. It is taken as trusted.")
    )
    shown = forms.FileField(
        label=_("Or its file (.pem)"),
        required=False,
        help_text=_("Its DNS names are read from it, as a transport reads them."),
        widget=forms.FileInput({"accept": ".pem,.crt,.cer"}),
    )
    hello = forms.ChoiceField(
        label=_("Greeting"), required=False, choices=[("EHLO", "EHLO"), ("HELO", "HELO")], initial="EHLO"
    )
    size = _text(_("Size of the message"), longest=40, help_text=_("Such as 12 MB. Empty: as the message below is."))
    message = forms.CharField(
        label=_("Header or whole message"),
        required=False,
        strip=False,
        max_length=MOST.octets,
        widget=forms.Textarea(MONO | {"rows": 4}),
    )
    file = forms.FileField(label=_("Or a file (.eml)"), required=False, widget=forms.FileInput({"accept": ".eml,.txt"}))
    dns = forms.CharField(
        label=_("What DNS says"),
        required=False,
        max_length=dns_answers.LONGEST,
        help_text=_("? is not known and counts as no answer. What is asked stands here; write an answer, or ask DNS."),
        widget=forms.Textarea(MONO | {"rows": 3}),
    )
    revision = forms.IntegerField(
        label=_("Revision"), required=False, min_value=1, max_value=2**31 - 1, help_text=_("Empty: the newest.")
    )

    def __init__(self, *data: Any, **initial: Any):
        super().__init__(*data, **initial)
        self.fields["local"].initial = _usual_binding(publishing.saved())

    @property
    def usual(self) -> list[forms.BoundField]:
        return [bound for bound in self if bound.name in USUAL]

    @property
    def rare(self) -> list[forms.BoundField]:
        return [bound for bound in self if bound.name not in USUAL]

    @property
    def is_detailed(self) -> bool:
        """Whether something is entered among the rare fields, or wrong there."""
        return any(bound.errors or bound.value() not in (None, "", False, "EHLO") for bound in self.rare)

    def clean_client(self) -> str:
        return _address(self.cleaned_data["client"].strip())

    def clean_front_end(self) -> str:
        text = self.cleaned_data["front_end"].strip()
        return _address(text) if text else ""

    def clean_local(self) -> tuple[str, int]:
        binding = self.read("local", parse_binding)
        return binding.ip, binding.port

    def clean_recipients(self) -> tuple[str, ...]:
        found = tuple(line.strip().strip("<>") for line in self.cleaned_data["recipients"].splitlines() if line.strip())
        if len(found) > (MOST.lines or 0):
            raise forms.ValidationError(_t("At most %d recipients are asked about.") % (MOST.lines or 0))
        return tuple(self._one_line(each) for each in found)

    def clean_sender(self) -> str:
        return self._one_line(self.cleaned_data["sender"].strip().strip("<>"))

    def clean_helo(self) -> str:
        return self._one_line(self.cleaned_data["helo"])

    def clean_user(self) -> Any:
        name = self.cleaned_data["user"].strip()
        found = users.signed_in(name) if name else None
        if name and found is None:
            raise forms.ValidationError(_t("There is no user “%s”, there are several, or they are disabled.") % name)
        return found

    def clean_certificate(self) -> tuple[str, ...]:
        words = self.cleaned_data["certificate"].replace(",", " ").split()
        found: tuple[str, ...] = self.read("certificate", lambda _text: tuple(map(host_name, words)))
        return found

    def clean_shown(self) -> tuple[str, ...]:
        """The names in it stand in the form afterwards, so that a link and the next question have them."""
        sent = self.cleaned_data["shown"]
        if sent is None:
            return ()
        found = _names_in(sent.read(LARGEST_CERTIFICATE))
        data = cast(QueryDict, self.data).copy()
        data["certificate"] = ", ".join(found)
        self.data = data
        return found

    def clean_size(self) -> int | None:
        found: int | None = self.read("size", lambda text: kinds.parse(SIZE, text) if text.strip() else None)
        return found

    def clean_dns(self) -> dns_answers.Answers:
        found: dns_answers.Answers = self.read("dns", dns_answers.read)
        return found

    def show_questions(self, questions: Iterable[Question]) -> None:
        """What DNS was asked stands in the form, each with its answer."""
        data = cast(QueryDict, self.data).copy()
        data["dns"] = dns_answers.written(questions)
        self.data = data

    def clean_file(self) -> bytes:
        sent = self.cleaned_data["file"]
        if sent is not None and sent.size > (MOST.octets or 0):
            raise forms.ValidationError(_t("At most %s.") % kinds.show_size(MOST.octets or 0))
        return sent.read() if sent is not None else b""

    @property
    def link(self) -> str:
        """The question as a query string, which a colleague can be sent; a message does not go along."""
        given = {
            name: self.data.get(name, "").strip() for name in self.fields if name not in ("message", "file", "shown")
        }
        return f"?{urlencode({name: value for name, value in given.items() if value})}"

    @property
    def dialogue(self) -> Dialogue:
        given = self.cleaned_data
        asked = ("client", "local", "front_end", "helo", "sender", "recipients", "user", "tls", "size")
        content = given["file"] or given["message"].encode("utf-8", "replace")
        return Dialogue(
            extended=given["hello"] != "HELO",
            content=_as_sent(content),
            certificate=given["shown"] or given["certificate"],
            **{name: given[name] for name in asked},
        )

    def _one_line(self, text: str) -> str:
        if not text.isprintable():
            raise forms.ValidationError(_t("Control characters are not allowed here."))
        return text


def _address(text: str) -> str:
    try:
        return str(address_of(text))
    except ValueError:
        raise forms.ValidationError(_t("“%s” is no IP address. Write it like 192.0.2.7.") % text) from None


def _names_in(sent: bytes) -> tuple[str, ...]:
    """The host names in a client certificate, the first of a chain, that a transport looks at: DNS names alone (as
    `names_in_certificate` does).
    """
    try:
        held = x509.load_pem_x509_certificates(sent)[0].extensions
        found = held.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        found = []
    except ValueError:
        raise forms.ValidationError(_t("This is no certificate in PEM.")) from None
    if not found:
        raise forms.ValidationError(_t("There is no DNS name in this certificate: it proves nobody."))
    return tuple(found)


def _as_sent(content: bytes) -> bytes:
    """Where all lines end with LF, as in a file of this system, the client writes CRLF; else the line ends are its
    own.
    """
    if b"\r\n" not in content:
        content = content.replace(b"\n", b"\r\n")
    return content if not content or content.endswith(b"\r\n") else content + b"\r\n"


def _usual_binding(snapshot: Snapshot) -> str:
    """That of the first connector that answers. A client connects to one address, not to all of them."""
    binding = next(_bindings(snapshot), Binding("0.0.0.0", 25))
    return str(Binding(one_of(binding), binding.port) if binding.is_any else binding)


def _bindings(snapshot: Snapshot) -> Iterator[Binding]:
    for connector in snapshot.receive_connectors:
        yield from connector.bindings if connector.enabled else ()
