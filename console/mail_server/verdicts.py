"""What was found of a mail server, judged: good, look at this, or wrong, with the reason and what to do. Pure.

Source: document 004, "Verification"; RFC 5321 §2.3.5 (names), RFC 7208, RFC 9989, RFC 8461, RFC 8460, RFC 7672.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import chain

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.crud.said import said
from transport.receive.dns import no_listing
from transport.send import hosts, sts
from transport.send.dane import Standing
from transport.send.dkim import tags
from transport.send.sts import Mode, StsPolicy
from transport.trace.mail_server import (
    MOST_SPF_LOOKUPS,
    OVER,
    Address,
    Answer,
    Domain,
    Exchanger,
    Listing,
    Probe,
    Survey,
    Talk,
    is_dmarc,
)

DAY = 86400.0
SOON = 21
"""Days before its end from which a certificate is worth a look."""
SUBMISSION = (465, 587)
READABLE = frozenset({"PLAIN", "LOGIN"})
"""Mechanisms that say a password as it is."""
SLOW = 10.0
"""Seconds for a greeting from which senders may give up early."""


class Verdict(Enum):
    """How good a thing is."""

    GOOD = "good"
    LOOK = "look"
    WRONG = "wrong"


@dataclass(frozen=True)
class Line:
    """One thing that was looked at. `remedy`: what to do; `record`: what to publish in DNS, as a zone file has it."""

    topic: str
    verdict: Verdict
    words: str
    remedy: str = ""
    record: str = ""


@dataclass(frozen=True)
class Section:
    """What belongs together, and the conversation that it was found by."""

    title: str
    lines: tuple[Line, ...]
    talk: Talk | None = None

    def count(self, verdict: Verdict) -> int:
        return sum(line.verdict is verdict for line in self.lines)


def judged(survey: Survey, now: float) -> list[Section]:
    """All that was found; `now` in Unix seconds."""
    domain, found = survey.domain, []
    if domain is not None:
        found.append(Section(_("The domain %s") % domain.name, tuple(_domain(domain, survey))))
    known = domain is None or domain.mx.exists
    every = (Section(each.name, tuple(_exchanger(each, now)), each.talk) for each in survey.exchangers if known)
    return [*found, *every]


def _good(topic: str, words: str) -> Line:
    return Line(topic, Verdict.GOOD, words)


def _look(topic: str, words: str, remedy: str = "", record: str = "") -> Line:
    return Line(topic, Verdict.LOOK, words, remedy, record)


def _wrong(topic: str, words: str, remedy: str = "", record: str = "") -> Line:
    return Line(topic, Verdict.WRONG, words, remedy, record)


def _unanswered(topic: str, answer: Answer) -> Line:
    return _look(topic, _("DNS does not answer: %s") % answer.failure, _("Try again, and check the name servers."))


def _domain(domain: Domain, survey: Survey) -> Iterator[Line]:
    yield _mx(domain, survey)
    if domain.is_null_mx or not domain.mx.exists:
        return
    yield _spf(domain)
    yield from _dkim(domain)
    yield _dmarc(domain)
    yield _mta_sts(domain, survey)
    yield _tls_rpt(domain)


def _mx(domain: Domain, survey: Survey) -> Line:
    if domain.mx.failure:
        return _unanswered("MX", domain.mx)
    if not domain.mx.exists:
        words = _("DNS does not know this domain.")
        return _wrong("MX", words, _("Check how it is written, and whether this machine's name servers see outside."))
    if domain.is_null_mx:
        return _look("MX", _("The domain says that it takes no mail (null MX)."))
    wanted = f"{domain.name}. 3600 IN MX 10 mail.{domain.name}."
    if not domain.mx.records:
        words = _("There is no MX record; mail goes to the address of the domain itself.")
        return _wrong("MX", words, _("Publish the name of the mail server."), wanted)
    named = ", ".join(each.rstrip(".") for each in domain.mx.records)
    literal = [each for each in survey.exchangers if each.name.replace(".", "").isdigit()]
    if literal:
        return _wrong("MX", named, _("An MX record names a host, not an address: give the address a name."), wanted)
    if survey.left_out:
        more = ngettext("%d more was not tried.", "%d more were not tried.", survey.left_out) % survey.left_out
        return _look("MX", f"{named}. {more}")
    return _good("MX", named)


def _spf(domain: Domain) -> Line:
    if domain.txt.failure:
        return _unanswered("SPF", domain.txt)
    found = domain.spf
    if not found:
        words = _("There is no SPF record: receivers cannot tell who may send for this domain.")
        return _wrong("SPF", words, _("List who sends its mail."), f'{domain.name}. 3600 IN TXT "v=spf1 mx -all"')
    if len(found) > 1:
        return _wrong("SPF", _("There are several SPF records; then none counts."), _("Make one of them."))
    terms = found[0].lower().split()
    costs = domain.spf_lookups or 0
    if costs > MOST_SPF_LOOKUPS:
        words = _("%(record)s costs more than %(most)d look-ups; receivers give up then.")
        remedy = _("Put addresses (ip4:, ip6:) in the place of names.")
        return _wrong("SPF", words % {"record": found[0], "most": MOST_SPF_LOOKUPS}, remedy)
    if terms[-1] in ("all", "+all"):
        return _wrong("SPF", _("%s allows everybody to send for this domain.") % found[0], _("End it with -all."))
    if any(term.startswith(("ptr", "+ptr")) for term in terms):
        return _look("SPF", found[0], _("ptr is slow and not to be used (RFC 7208 §5.5)."))
    if terms[-1] not in ("-all", "~all") and not terms[-1].startswith("redirect="):
        return _look("SPF", found[0], _("It says nothing about senders that it does not list: end it with -all."))
    return _good("SPF", found[0])


def _dkim(domain: Domain) -> Iterator[Line]:
    if not domain.dkim:
        words = _("No selector was named, so nothing was looked at.")
        yield _look("DKIM", words, _("Name the selector; a signed message has it as s= in DKIM-Signature."))
    for each in domain.dkim:
        selector = each.name.partition("._domainkey.")[0]
        keys = [found for found in map(tags, each.records) if "p" in found]
        if each.failure:
            yield _unanswered("DKIM", each)
        elif not keys:
            yield _wrong("DKIM", _("There is no key under the selector %s.") % selector, _("Publish its record."))
        elif not keys[0]["p"]:
            yield _wrong("DKIM", _("The key %s is revoked (p= is empty).") % selector, _("Sign with another one."))
        elif "y" in keys[0].get("t", "").split(":"):
            yield _look("DKIM", _("The key %s says t=y: it is only a test.") % selector, _("Take t=y out."))
        else:
            yield _good("DKIM", _("There is a key under the selector %s.") % selector)


def _dmarc(domain: Domain) -> Line:
    if domain.dmarc.failure:
        return _unanswered("DMARC", domain.dmarc)
    found = [each for each in domain.dmarc.records if is_dmarc(each)]
    wanted = f'_dmarc.{domain.name}. 3600 IN TXT "v=DMARC1; p=none; rua=mailto:postmaster@{domain.name}"'
    if not found:
        words = _("There is no DMARC record: anybody can write in the domain's name unseen.")
        return _wrong("DMARC", words, _("Begin with reports, and demand more once they show nothing wrong."), wanted)
    if len(found) > 1:
        return _wrong("DMARC", _("There are several DMARC records; then none counts."), _("Leave one of them."))
    policy, shown = tags(found[0]).get("p", "").lower(), found[0]
    if domain.dmarc_domain != domain.name:
        shown = _("%(record)s, published by %(domain)s.") % {"record": found[0], "domain": domain.dmarc_domain}
    if policy not in ("none", "quarantine", "reject"):
        return _wrong("DMARC", shown, _("p= is none, quarantine or reject."))
    if policy == "none":
        return _look("DMARC", shown, _("p=none asks only for reports; quarantine or reject protect the name."))
    return _good("DMARC", shown)


def _mta_sts(domain: Domain, survey: Survey) -> Line:
    if domain.sts.failure:
        return _unanswered("MTA-STS", domain.sts)
    if sts.policy_id(domain.sts.records) is None:
        words = _("There is no policy: whoever stands in between can take TLS away.")
        record = f'_mta-sts.{domain.name}. 3600 IN TXT "v=STSv1; id=1"'
        remedy = _("Publish the record, and a policy at https://mta-sts.%s/.well-known/mta-sts.txt.") % domain.name
        return _look("MTA-STS", words, remedy, record)
    if not isinstance(domain.policy, StsPolicy):
        words = _("There is a record, but no policy to be had: %s") % said(domain.policy)
        return _wrong("MTA-STS", words, _("Senders that knew the policy hold mail back once it changes."))
    stranger = [each.name for each in survey.exchangers if not domain.policy.allows(each.name)]
    if stranger:
        words = _("The policy does not name %s.") % ", ".join(stranger)
        return _wrong("MTA-STS", words, _("Add it to the policy, and change the id of the record."))
    unproven = [each.name for each in survey.exchangers if each.talk is not None and _is_unproven(each.talk)]
    if unproven and domain.policy.mode is Mode.ENFORCE:
        words = _("The policy demands a certificate that can be verified, and %s has none: mail is held back.")
        remedy = _("Mend the certificate; until then the policy may say mode: testing, under a new id.")
        return _wrong("MTA-STS", words % ", ".join(unproven), remedy)
    if domain.policy.mode is Mode.ENFORCE:
        return _good("MTA-STS", _("The policy demands TLS with %s.") % ", ".join(domain.policy.mx))
    return _look("MTA-STS", _("The policy says mode: %s.") % domain.policy.mode.value, _("Only enforce protects mail."))


def _is_unproven(talk: Talk) -> bool:
    """Whether it answers, and cannot prove who it is."""
    return bool(talk.banner) and (talk.certificate is None or bool(talk.certificate.problem))


def _tls_rpt(domain: Domain) -> Line:
    if domain.tls_rpt.failure:
        return _unanswered("TLS-RPT", domain.tls_rpt)
    found = [each for each in domain.tls_rpt.records if each.replace(" ", "").lower().startswith("v=tlsrptv1;")]
    if len(found) == 1 and "rua" in tags(found[0]):
        return _good("TLS-RPT", found[0])
    record = f'_smtp._tls.{domain.name}. 3600 IN TXT "v=TLSRPTv1; rua=mailto:postmaster@{domain.name}"'
    words = _("There is no record: nobody tells you when TLS with your servers fails.")
    return _look("TLS-RPT", words, _("Publish where reports go."), record)


def _exchanger(each: Exchanger, now: float) -> Iterator[Line]:
    if each.failure == OVER:
        yield _look(
            _("Connection"),
            _("The time was over before everything was asked."),
            _("Try again, or test this server alone."),
        )
        return
    if each.failure:
        remedy = _("Publish its A record, and AAAA where it has IPv6.")
        yield _wrong(_("Address"), said(each.failure), remedy, f"{each.name}. 3600 IN A 192.0.2.1")
        return
    yield from chain.from_iterable(_address(each, address) for address in each.addresses)
    if each.talk is None:
        return
    yield from _talk(each, each.talk, now)
    if hosts.literal(each.name) is None:
        yield _dane(each)


def _address(each: Exchanger, address: Address) -> Iterator[Line]:
    topic = _("Address")
    if address.names.failure == "it is an inner address":
        words = _("%s is an inner address: the Internet cannot reach it.") % address.address
        yield _look(topic, words, _("Look from outside, or test the public name."))
        return
    yield _good(topic, address.address)
    yield _pointer(each, address)
    for listing in address.listings:
        yield _listing(address, listing)


def _pointer(each: Exchanger, address: Address) -> Line:
    topic = _("Reverse name")
    remedy = _("Whoever gave you the address enters it: the provider.")
    if address.names.failure:
        return _unanswered(topic, address.names)
    if not address.names.records:
        words = _("%s has no name: many servers refuse its mail.") % address.address
        return _wrong(topic, words, remedy, f"{address.names.name}. 3600 IN PTR {each.name}.")
    named = ", ".join(name.rstrip(".") for name in address.names.records[:3])
    if not address.confirmed:
        words = _("%(address)s is called %(names)s, but that name does not lead back to it.")
        return _wrong(topic, words % {"address": address.address, "names": named}, remedy)
    return _good(topic, _("%(address)s ↔ %(names)s") % {"address": address.address, "names": named})


def _listing(address: Address, listing: Listing) -> Line:
    topic, values = _("Block list"), {"list": listing.domain, "address": address.address}
    if listing.failure:
        return _look(topic, _("%(list)s does not answer.") % values)
    if listing.answers and no_listing(listing.answers):
        words = _("%(list)s does not serve our name server, and so says nothing.") % values
        return _look(topic, words, _("Ask through a name server of your own."))
    if listing.answers:
        words = _("%(list)s lists %(address)s: many servers refuse its mail.") % values
        return _wrong(topic, words, _("Ask the list for the reason, end it, and have the address taken off."))
    return _good(topic, _("%(list)s does not list %(address)s.") % values)


def _talk(each: Exchanger, talk: Talk, now: float) -> Iterator[Line]:
    if not talk.banner:
        words = _("%(address)s, port %(port)d: %(failure)s") % {
            "address": talk.address, "port": talk.port, "failure": talk.failure or _("there is no greeting"),
        }  # fmt: skip
        remedy = _("Check that the server runs, and that no firewall closes the port. Many networks close 25 outward.")
        if talk.is_implicit:
            remedy = _("Check that the server runs, and that TLS begins at once on this port (RFC 8314).")
        yield _wrong(_("Connection"), words, remedy)
        return
    yield _banner(each, talk)
    if talk.failure:
        yield _wrong(_("Conversation"), talk.failure)
    if talk.offered:
        yield _auth(talk)
    yield from _tls(each, talk, now)
    yield from _relay(talk)


def _banner(each: Exchanger, talk: Talk) -> Line:
    name, seconds = talk.banner.partition(" ")[0], talk.seconds or 0.0
    topic = _("Greeting")
    shown = _("%(banner)s, after %(seconds).1f s") % {"banner": talk.banner, "seconds": seconds}
    if seconds > SLOW:
        return _look(topic, shown, _("Senders may give up before: find what takes so long."))
    if "." not in name:
        return _wrong(topic, shown, _("A greeting begins with the full name of the server (Scoping, FQDN)."))
    known = {each.name.lower(), *(confirmed.lower() for address in each.addresses for confirmed in address.confirmed)}
    if name.lower().rstrip(".") not in known and each.preference is not None:
        return _look(topic, shown, _("It should give the name of the MX record: set FQDN (Scoping) to %s.") % each.name)
    return _good(topic, shown)


def _auth(talk: Talk) -> Line:
    """What is offered in the clear counts only where TLS does not come first."""
    topic = _("Sign-in")
    clear = talk.offered[0].mechanisms if "starttls" in talk.offered[0] or not talk.certificate else frozenset()
    if readable := sorted(clear & READABLE):
        words = _("%s is offered before TLS: passwords go over the network readable.") % ", ".join(readable)
        return _wrong(topic, words, _("Offer basic authentication only after TLS (Security)."))
    if talk.port in SUBMISSION:
        return _submission(topic, sorted(talk.offered[-1].mechanisms))
    if talk.offered[-1].mechanisms:
        words = _("%s is offered: people on the Internet can try passwords here.")
        words = words % ", ".join(sorted(talk.offered[-1].mechanisms))
        return _look(topic, words, _("For mail from other servers Anonymous users is enough (document 004)."))
    return _good(topic, _("No sign-in is offered: nobody can try passwords here."))


def _submission(topic: str, mechanisms: list[str]) -> Line:
    """On the ports on which people hand in their mail (RFC 6409, RFC 8314)."""
    if mechanisms:
        return _good(topic, _("%s is offered, after TLS.") % ", ".join(mechanisms))
    remedy = _("Offer basic authentication after TLS (Security), or close the port.")
    return _look(topic, _("No sign-in is offered: nobody can hand in mail here as a user."), remedy)


def _tls(each: Exchanger, talk: Talk, now: float) -> Iterator[Line]:
    topic = "TLS" if talk.is_implicit else "STARTTLS"
    if not (talk.is_implicit or talk.offers_tls):
        remedy = _("Give the connector a certificate, and switch TLS on (Security).")
        yield _wrong("STARTTLS", _("It is not offered: everybody on the way can read the mail."), remedy)
        return
    if talk.certificate is None:
        yield _wrong(topic, talk.protection, _("Try with openssl s_client -starttls smtp to see more."))
        return
    yield _good(topic, talk.protection.partition(", certificate")[0])
    yield _versions(talk)
    yield _certificate(talk, now)


def _versions(talk: Talk) -> Line:
    spoken = [each.name for each in talk.versions if each.is_spoken]
    old = [name for name in spoken if name in ("TLS 1.0", "TLS 1.1")]
    shown = ", ".join(spoken) or _("none could be told")
    if old:
        words = _("%s: old versions are not safe, though better than clear text.") % shown
        return _look(_("Versions"), words, _("Switch TLS 1.0 and 1.1 off once no sender needs them."))
    if spoken == ["TLS 1.2"]:
        return _look(_("Versions"), shown, _("TLS 1.3 is missing."))
    return _good(_("Versions"), shown) if spoken else _look(_("Versions"), shown)


def _certificate(talk: Talk, now: float) -> Line:
    held, topic = talk.certificate, _("Certificate")
    assert held is not None
    days = int((held.not_after - now) // DAY)
    shown = _("for %(names)s, from %(issuer)s") % {"names": ", ".join(held.names[:3]), "issuer": held.issuer}
    if held.not_after and days < 0:
        return _wrong(topic, _("It has expired: %s") % shown, _("Renew it and assign it to the connector."))
    if held.problem:
        words = _("Others cannot verify it: %(problem)s. It is %(shown)s.") % {"problem": held.problem, "shown": shown}
        return _look(topic, words, _("A certificate of a public authority with the name of the MX record helps."))
    left = ngettext("%d day left", "%d days left", days) % days
    if days < SOON:
        return _look(topic, f"{shown}, {left}", _("Renew it now."))
    return _good(topic, f"{shown}, {left}")


def _relay(talk: Talk) -> Iterator[Line]:
    topic = _("Open relay")
    taken = [each for each in talk.probes if each.code // 100 == 2]
    plain = next((each for each in taken if each.is_plain), None)
    if not talk.probes:
        return
    if plain is not None:
        yield _relays(topic, talk, plain)
    elif taken:
        words = _("It takes %s; that may be a mailbox of its own.") % ", ".join(each.recipient for each in taken)
        yield _look(topic, words, _("Check that such mail stays here."))
    else:
        yield _good(topic, _("Mail from a stranger to somebody elsewhere is refused: %s") % talk.probes[0].reply)


def _relays(topic: str, talk: Talk, probe: Probe) -> Line:
    if talk.is_ours:
        words = _("From this machine mail to %s is taken: a connector lets it relay.") % probe.recipient
        return _look(topic, words, _("The page Relay proof says whether anybody else can."))
    words = _("It takes mail from a stranger to %s.") % probe.recipient
    return _wrong(topic, words, _("If this machine has no right to relay there, close it: it will be on block lists."))


def _dane(each: Exchanger) -> Line:
    found, talk = each.dane, each.talk
    if talk is not None and talk.dane_problem:
        words = _("Whoever looks at DANE delivers nothing here: %s") % said(talk.dane_problem)
        key = talk.certificate.key if talk.certificate is not None else ""
        record = f"_{talk.port}._tcp.{each.name}. 3600 IN TLSA 3 1 1 {key}" if key else ""
        return _wrong("DANE", words, _("Publish the record of the certificate that the server shows."), record)
    if found.standing is Standing.USABLE:
        return _good("DANE", _("TLSA records: %s") % ", ".join(map(str, found.records)))
    if found.standing is Standing.UNUSABLE:
        return _wrong("DANE", _("There are TLSA records, and none can be used."), _("Publish 3 1 1."))
    if found.standing is Standing.UNKNOWN:
        return _look("DANE", _("DNS gave no answer that can be relied on: %s") % found.why)
    return _look("DANE", _("There is none: %s.") % said(found.why) if found.why else _("There is none."),
                 _("Not needed; MTA-STS protects as well where DNS is not signed."))  # fmt: skip
