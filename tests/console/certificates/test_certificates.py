"""Certificates: made, issued, requested, imported, renewed, exported and removed, as a browser does it."""

from __future__ import annotations

import base64
import ssl
import tempfile
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from console.actors import Role
from console.audit.models import Entry
from console.certificates import actions, issuing, keys, queries
from console.certificates import queries as certificates
from console.certificates.models import Authority, Certificate, Request
from console.connectors import actions as connectors
from console.publishing import queries as publishing
from console.publishing.models import ConfigRevision
from tests.console.builders import ADMIN, HYGIENE, receive_connector, send_connector
from tests.console.page_form import Form
from transport.receive.certificate_match import leaf

pytestmark = pytest.mark.django_db
NAMES = ["mail.contoso.com", "mx1.contoso.com"]
URL = "certificates:"


@pytest.fixture(autouse=True)
def _names(settings):
    settings.GATEPOST_NODE, settings.GATEPOST_DOMAIN = "mx1.contoso.com", "contoso.com"


def pem(key, password: bytes | None = None) -> bytes:
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


def signed(
    public, names=NAMES, days=90, issuer=None, usage=ExtendedKeyUsageOID.SERVER_AUTH, subject="Contoso mail"
) -> x509.Certificate:
    """A certificate of some authority outside; `issuer` is (certificate, key)."""
    above, key = issuer or OUTSIDE
    builder = x509.CertificateBuilder().issuer_name(above.subject).public_key(public)
    builder = builder.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)] if subject else []))
    until = datetime.now(UTC) + timedelta(days=days)
    builder = builder.not_valid_before(until - timedelta(days=400)).not_valid_after(until)
    if names:
        dns = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(dns, critical=False)
    builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.serial_number(x509.random_serial_number()).sign(key, hashes.SHA256())


def text(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


ROOT_KEY = ec.generate_private_key(ec.SECP256R1())
ROOT = x509.load_pem_x509_certificate(issuing.authority(ROOT_KEY, "Outside CA").encode())
OUTSIDE = (ROOT, ROOT_KEY)
KEY = ec.generate_private_key(ec.SECP256R1())


def file(content: bytes, name: str = "file") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def imported(admin, content: bytes, **values):
    """Posts the import form; the answer of the server."""
    given = {"name": "Contoso", "password": "", "replaces": "", "file": file(content)} | values
    return admin.post(reverse(URL + "import"), given)


def errors(page) -> dict[str, list[str]]:
    assert page.status_code == 422
    return dict(page.context["form"].errors)


def published() -> list:
    return list(publishing.snapshot(publishing.newest_with_document()).certificates)


def test_first_start_publishes_a_certificate_that_tls_can_use(settings):
    actions.first_start()
    actions.first_start()
    (made,) = published()
    assert isinstance(x509.load_pem_x509_certificate(made.chain.encode()).public_key(), ec.EllipticCurvePublicKey)
    assert "mx1.contoso.com" in made.names
    key = Fernet(settings.GATEPOST_SECRET_KEY).decrypt(made.encrypted_key.encode())
    with tempfile.NamedTemporaryFile() as both:
        both.write(made.chain.encode() + key)
        both.flush()
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(both.name)


def test_the_page_says_what_it_is_for_and_how_long_it_lasts(admin):
    actions.first_start()
    connectors.create(ADMIN, receive_connector("Internet"))
    row = Certificate.objects.get()
    page = admin.get(reverse(URL + "details", args=[row.pk])).text
    for words in ("mx1.contoso.com", "days left", "self-signed", "Internet", "&lt;I&gt;CN="):
        assert words in page
    assert row.encrypted_key not in page


@pytest.mark.parametrize("kind", [keys.P256, keys.RSA2048, keys.RSA3072])
def test_a_self_signed_one_with_the_key_one_wants(admin, kind):
    given = {"name": "Mine", "names": "mail.contoso.com\nbücher.example", "issuer": "self-signed", "key": kind}
    assert admin.post(reverse(URL + "new"), given).status_code == 302
    row = Certificate.objects.get()
    assert row.names == ["mail.contoso.com", "xn--bcher-kva.example"] and row.self_signed
    assert keys.kind_of(keys.decrypt(row.encrypted_key)) == kind


def test_the_internal_authority_issues_at_once_and_can_be_trusted(admin):
    given = {"name": "Mine", "names": "mail.contoso.com", "issuer": "internal", "key": keys.P256}
    admin.post(reverse(URL + "new"), given)
    admin.post(reverse(URL + "new"), given | {"name": "Second"})
    assert Authority.objects.count() == 1
    row = Certificate.objects.get(name="Mine")
    answer = admin.get(reverse(URL + "authority"))
    root = x509.load_pem_x509_certificate(answer.content)
    verifier = x509.verification.PolicyBuilder().store(x509.verification.Store([root]))
    first, *more = x509.load_pem_x509_certificates(row.chain.encode())
    verifier.build_server_verifier(x509.DNSName("mail.contoso.com")).verify(first, more)
    assert b"PRIVATE" not in answer.content
    page = admin.get(reverse(URL + "list")).text
    assert "Gatepost CA contoso.com (internal)" in page and "Internal authority" in page


def test_a_request_goes_out_and_its_answer_comes_in(admin):
    given = {"name": "Outside", "names": "mail.contoso.com", "issuer": "outside", "key": keys.RSA2048}
    page = admin.post(reverse(URL + "new"), given, follow=True)
    asked = Request.objects.get()
    assert "BEGIN CERTIFICATE REQUEST" in page.text
    content = admin.get(reverse(URL + "request-file", args=[asked.pk])).content
    request = x509.load_pem_x509_csr(content)
    assert request.is_signature_valid and isinstance(request.public_key(), rsa.RSAPublicKey)
    assert "waits for the authority" in admin.get(reverse(URL + "list")).text
    url = reverse(URL + "request", args=[asked.pk])
    wrong = admin.post(url, {"file": file(text(signed(KEY.public_key())))})
    assert "no answer to the request “Outside”" in errors(wrong)["file"][0]
    admin.post(url, {"file": file(text(ROOT) + text(signed(request.public_key())))})
    row = Certificate.objects.get()
    assert (row.name, row.names, Request.objects.count()) == ("Outside", NAMES, 0)
    assert len(x509.load_pem_x509_certificates(row.chain.encode())) == 2
    assert [entry.verb for entry in Entry.objects.filter(kind="Certificate request")] == ["created"]


def test_an_answer_as_binary_file_and_a_request_that_is_dropped(admin):
    first, second = (actions.make_request(ADMIN, name, NAMES) for name in ("A", "B"))
    der = signed(x509.load_pem_x509_csr(first.request.encode()).public_key()).public_bytes(serialization.Encoding.DER)
    assert actions.answer(ADMIN, first.pk, der).name == "A"
    admin.post(reverse(URL + "request-remove", args=[second.pk]))
    assert not Request.objects.exists()


@pytest.mark.parametrize("password", [b"", b"secret"])
def test_pem_with_key_and_chain(admin, password):
    mine = text(signed(KEY.public_key()))
    assert imported(admin, text(ROOT) + mine + pem(KEY, password), password=password.decode()).status_code == 302
    row = Certificate.objects.get()
    assert row.chain.encode() == mine + text(ROOT)
    assert (queries.issuer(row), row.names) == ("Outside CA", NAMES)


def test_pem_in_two_files(admin):
    answer = imported(admin, text(signed(KEY.public_key())), key_file=file(pem(KEY)))
    assert answer.status_code == 302 and Certificate.objects.get().name == "Contoso"


def pfx(password: bytes = b"secret", key=KEY, certificate=None) -> bytes:
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    certificate = certificate or signed(KEY.public_key())
    return pkcs12.serialize_key_and_certificates(b"x", key, certificate, [ROOT], lock)


@pytest.mark.parametrize("password", [b"", b"secret"])
def test_pfx(admin, password):
    assert imported(admin, pfx(password), password=password.decode()).status_code == 302
    assert len(x509.load_pem_x509_certificates(Certificate.objects.get().chain.encode())) == 2


OTHER = ec.generate_private_key(ec.SECP256R1())
WEAK = rsa.generate_private_key(65537, 1024)


@pytest.mark.parametrize(
    ("content", "values", "field", "words"),
    [
        (pfx(), {"password": "wrong"}, "password", "The password is wrong."),
        (pfx(), {}, "password", "enter its password"),
        (text(signed(KEY.public_key())) + pem(KEY, b"x"), {}, "password", "enter its password"),
        (text(signed(KEY.public_key())) + pem(KEY, b"x"), {"password": "y"}, "password", "The password is wrong."),
        (text(signed(KEY.public_key())) + pem(OTHER), {}, "file", "does not belong to this certificate"),
        (text(signed(KEY.public_key())), {}, "key_file", "no private key"),
        (text(signed(KEY.public_key(), days=-1)) + pem(KEY), {}, "file", "expired on"),
        (text(signed(KEY.public_key(), names=[])) + pem(KEY), {}, "file", "No host name"),
        (
            text(signed(KEY.public_key(), usage=ExtendedKeyUsageOID.CODE_SIGNING)) + pem(KEY),
            {}, "file", "not issued for servers",
        ),
        (text(signed(WEAK.public_key())) + pem(WEAK), {}, "file", "too weak"),
        (pem(KEY), {}, "file", "no certificate"),
        (b"hello", {}, "file", "neither PEM"),
        (b"0hello", {}, "file", "cannot be read"),
        (pfx(), {"password": "secret", "name": ""}, "name", "Enter a name"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(admin, content, values, field, words):
    assert words in errors(imported(admin, content, **values))[field][0]
    assert not Certificate.objects.exists()


def test_names_and_certificates_are_there_once(admin):
    content = text(signed(KEY.public_key())) + pem(KEY)
    imported(admin, content)
    assert "here already, as “Contoso”" in errors(imported(admin, content, name="Twin"))["file"][0]
    again = text(signed(KEY.public_key())) + pem(KEY)
    assert "choose another name" in errors(imported(admin, again, name="contoso"))["name"][0]


def test_names_that_are_none(admin):
    given = {"name": "Mine", "names": "not a name", "issuer": "self-signed", "key": keys.P256}
    assert "is no valid name" in errors(admin.post(reverse(URL + "new"), given))["names"][0]
    assert "at least one host name" in errors(admin.post(reverse(URL + "new"), given | {"names": ""}))["names"][0]


@pytest.mark.parametrize("make", [actions.make_self_signed, actions.issue])
def test_renewal_in_place(admin, make):
    old = make(ADMIN, "Mine", NAMES, keys.RSA2048)
    admin.post(reverse(URL + "act"), {"verb": "renew", "pk": old.pk})
    new = Certificate.objects.get()
    assert (new.pk, new.names, new.self_signed) == (old.pk, old.names, old.self_signed)
    assert new.fingerprint != old.fingerprint
    assert leaf(new.chain).identifier == leaf(old.chain).identifier
    assert published()[0].chain == new.chain
    assert Entry.objects.first().after["Thumbprint"] == new.fingerprint


def test_renewal_by_an_authority_outside(admin):
    imported(admin, text(signed(KEY.public_key())) + pem(KEY))
    old = Certificate.objects.get()
    with pytest.raises(ValidationError, match="make a request"):
        actions.renew(ADMIN, old.pk)
    admin.post(reverse(URL + "act"), {"verb": "ask-to-renew", "pk": old.pk})
    asked = Request.objects.get()
    assert asked.renews == old
    public = x509.load_pem_x509_csr(asked.request.encode()).public_key()
    actions.answer(ADMIN, asked.pk, text(signed(public, days=300)))
    new = Certificate.objects.get()
    assert (new.pk, new.name) == (old.pk, "Contoso") and new.fingerprint != old.fingerprint


def test_renewal_from_a_file(admin):
    imported(admin, text(signed(KEY.public_key())) + pem(KEY))
    old = Certificate.objects.get()
    imported(admin, text(signed(OTHER.public_key())) + pem(OTHER), name="", replaces=old.pk)
    new = Certificate.objects.get()
    assert (new.pk, new.name) == (old.pk, "Contoso") and new.fingerprint != old.fingerprint


def test_those_that_name_a_certificate_name_the_one_of_another_authority_that_replaces_it(admin):
    mine = actions.make_self_signed(ADMIN, "Mine", NAMES)
    named = certificates.identifier(mine)
    connectors.create(ADMIN, receive_connector("Internet", tls_certificate_name=named.replace("CN=", "cn=")))
    connectors.create(ADMIN, send_connector("Partner", tls_certificate_name=named))
    assert "is in use by Internet, Partner" in admin.post(reverse(URL + "remove"), {"pk": mine.pk}).text
    before = publishing.newest().number
    imported(admin, text(signed(KEY.public_key())) + pem(KEY), name="", replaces=mine.pk)
    now = certificates.identifier(Certificate.objects.get())
    assert naming() == [now, now] and now != named
    assert publishing.newest().number == before + 1


def test_a_client_keeps_its_certificate_when_that_has_no_subject_any_more(admin):
    """As those of Let's Encrypt have none: one that is a client would show none at all, and a partner refuse it."""
    mine = actions.make_self_signed(ADMIN, "Mine", NAMES)
    named = certificates.identifier(mine)
    connectors.create(ADMIN, receive_connector("Internet", tls_certificate_name=named))
    connectors.create(ADMIN, send_connector("Partner", tls_certificate_name=named))
    imported(admin, text(signed(KEY.public_key(), subject="")) + pem(KEY), name="", replaces=mine.pk)
    assert naming() == ["", certificates.identifier(Certificate.objects.get())]


def naming() -> list[str]:
    """What Receive connectors, then Send connectors name."""
    saved = publishing.saved()
    return [one.tls_certificate_name for one in (*saved.receive_connectors, *saved.send_connectors)]


def test_what_is_in_use_stays(admin):
    used = actions.make_self_signed(ADMIN, "Used", ["mx1.contoso.com"])
    named = actions.make_self_signed(ADMIN, "Named", ["a.example"])
    spare = actions.make_self_signed(ADMIN, "Spare", ["b.example"])
    connectors.create(ADMIN, receive_connector("Internet"))
    identifier = certificates.identifier(named)
    connectors.create(
        ADMIN, receive_connector("Branch", ranges=["10.1.0.0/16"], tls_certificate_name=identifier, enabled=False)
    )
    for row, user in ((used, "Internet"), (named, "Branch")):
        page = admin.post(reverse(URL + "remove"), {"pk": row.pk})
        assert f"is in use by {user}" in page.text
    assert admin.post(reverse(URL + "remove"), {"pk": spare.pk}).status_code == 302
    assert {row.name for row in Certificate.objects.all()} == {"Used", "Named"}


def test_export_is_protected_and_noted(admin):
    row = actions.issue(ADMIN, "Mine", NAMES)
    url = reverse(URL + "export", args=[row.pk])
    assert "differ" in errors(admin.post(url, {"password": "long enough", "again": "other"}))["again"][0]
    assert "at least 8" in errors(admin.post(url, {"password": "short", "again": "short"}))["password"][0]
    answer = admin.post(url, {"password": "long enough", "again": "long enough"})
    assert "attachment" in answer["Content-Disposition"]
    key, certificate, more = pkcs12.load_key_and_certificates(answer.content, b"long enough")
    assert certificate.public_key() == key.public_key() and len(more) == 1
    assert Entry.objects.first().verb == "exported"
    chain = admin.get(reverse(URL + "chain", args=[row.pk])).content
    assert chain == row.chain.encode() and b"PRIVATE" not in chain


def test_what_a_transport_cannot_use_is_said_on_the_page(admin):
    from console.publishing.models import Transport

    said = "Certificate Mine cannot be used: it is broken. The one before stays in use."
    Transport.objects.create(name="mx1", problems=[{"connector": "", "binding": "", "message": said}])
    assert said in admin.get(reverse(URL + "list")).text


def test_a_lost_secret_is_said_in_words(admin, settings):
    row = actions.make_self_signed(ADMIN, "Mine", NAMES)
    settings.GATEPOST_SECRET_KEY = Fernet.generate_key().decode()
    page = admin.post(reverse(URL + "act"), {"verb": "renew", "pk": row.pk}, follow=True)
    assert "secret.key is not the one it was kept with" in page.text
    given = {"password": "long enough", "again": "long enough"}
    assert "cannot be decrypted" in admin.post(reverse(URL + "export", args=[row.pk]), given).text


def test_no_key_is_anywhere_in_plain():
    row, asked = actions.issue(ADMIN, "Mine", NAMES), actions.make_request(ADMIN, "Other", NAMES)
    held = [row.encrypted_key, asked.encrypted_key, Authority.objects.get().encrypted_key]
    held += [ConfigRevision.objects.first().document, *(str(each.after) for each in Entry.objects.all())]
    assert all("PRIVATE KEY" not in each for each in held)


def test_who_may_not(signed_in):
    row = actions.make_self_signed(ADMIN, "Mine", NAMES)
    for action in (actions.renew, actions.remove, actions.drop_request):
        with pytest.raises(PermissionDenied):
            action(HYGIENE, row.pk)
    with pytest.raises(PermissionDenied):
        actions.export(HYGIENE, row.pk, "long enough")
    reader = signed_in(Role.VIEW_ONLY)
    assert reader.get(reverse(URL + "list")).status_code == 200
    assert reader.get(reverse(URL + "export", args=[row.pk])).status_code == 403
    assert reader.get(reverse(URL + "new")).status_code == 403


def test_an_expired_one_is_shown_only_when_nothing_else_is_there():
    old = actions.make_self_signed(ADMIN, "Old", ["mx1.contoso.com"])
    new = actions.make_self_signed(ADMIN, "New", ["mx1.contoso.com"])
    connector = receive_connector()
    assert certificates.row_shown_by(connector) in (old, new)
    past = x509.load_pem_x509_certificate(text(signed(KEY.public_key(), ["mx1.contoso.com"], days=-1)))
    Certificate.objects.filter(pk=old.pk).update(chain=text(past).decode(), not_after=timezone.now())
    assert certificates.row_shown_by(connector) == new


def test_a_connector_chooses_its_certificate_on_its_tab(admin):
    actions.make_self_signed(ADMIN, "Usual", ["mx1.contoso.com"])
    other = actions.make_self_signed(ADMIN, "Other", ["mail.contoso.com"])
    row = connectors.create(ADMIN, receive_connector())
    url = reverse("connectors:receive-properties", args=[row.pk, "certificate"])
    assert "Usual</a>" in admin.get(url).text
    given = Form(admin.get(url).text).sent
    given |= {
        "tls_certificate_name": certificates.identifier(other),
        "minimum_tls_version": "Tls13",
        "require_128_bit_encryption": [],
    }
    page = admin.post(url, given, headers={"HX-Request": "true", "HX-Target": "preview"})
    assert "Other</a>" in page.text
    assert admin.post(url, given).status_code == 302
    (saved,) = publishing.snapshot(publishing.newest_with_document()).receive_connectors
    assert (saved.tls_certificate_name, saved.require_128_bit_encryption) == (certificates.identifier(other), False)
    given["seen"] = Form(admin.get(url).text).sent["seen"]
    page = admin.post(url, given | {"tls_certificate_name": "<I>CN=a<S>CN=b"})
    assert errors(page)["tls_certificate_name"] == ["Choose one of the certificates that are here."]


def answers(asked: Request) -> dict[str, bytes]:
    """What authorities send back for a request, with the root above it."""
    mine = signed(x509.load_pem_x509_csr(asked.request.encode()).public_key())
    der = pkcs7.serialize_certificates([ROOT, mine], serialization.Encoding.DER)
    labelled = b"-----BEGIN CERTIFICATE-----\r\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\r\n"
    return {
        "certnew.p7b": der,
        "base64 of Windows": labelled,
        "PEM": pkcs7.serialize_certificates([ROOT, mine], serialization.Encoding.PEM),
        "one certificate": mine.public_bytes(serialization.Encoding.DER),
    }


@pytest.mark.parametrize("form", ["certnew.p7b", "base64 of Windows", "PEM", "one certificate"])
@pytest.mark.parametrize("way", ["the request's page", "the import page"])
def test_a_windows_authoritys_answer_is_loaded_in_every_form(admin, form, way):
    asked = actions.make_request(ADMIN, "Outside", NAMES)
    content = answers(asked)[form]
    if way == "the import page":
        assert imported(admin, content).status_code == 302
    else:
        assert admin.post(reverse(URL + "request", args=[asked.pk]), {"file": file(content)}).status_code == 302
    row = Certificate.objects.get()
    assert (row.name, row.names, Request.objects.count()) == ("Outside", NAMES, 0)
    assert len(x509.load_pem_x509_certificates(row.chain.encode())) == (1 if form == "one certificate" else 2)


def test_a_p7b_that_answers_nothing_is_refused_in_words(admin):
    other = pkcs7.serialize_certificates([ROOT, signed(KEY.public_key())], serialization.Encoding.DER)
    assert "no private key" in errors(imported(admin, other))["key_file"][0]
    actions.make_request(ADMIN, "A", NAMES)
    assert "no answer to the request" in errors(imported(admin, other))["file"][0]
    actions.make_request(ADMIN, "B", NAMES)
    assert "answers no request" in errors(imported(admin, other))["file"][0]


def test_a_p7b_with_its_key_in_another_file(admin):
    content = pkcs7.serialize_certificates([ROOT, signed(KEY.public_key())], serialization.Encoding.DER)
    given = {"name": "Mine", "file": file(content), "key_file": file(pem(KEY)), "password": ""}
    assert admin.post(reverse(URL + "import"), given).status_code == 302
    assert len(x509.load_pem_x509_certificates(Certificate.objects.get().chain.encode())) == 2
