"""Every write of accepted domains (Exchange reference, section 4.1).

`confirmed` are the names that the administrator typed: a wide domain's own (`*.com`), for it takes mail for the domains
of others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from msgspec.structs import replace

from console.actors import SYSTEM, Actor, Role
from console.domains import models
from console.domains.published import ACCEPTED_DOMAIN
from console.publishing.actions import change
from console.publishing.rows import properties, struct_of, write
from console.publishing.settings_rows import SettingsRows
from transport.config import kinds
from transport.config.accepted_domain import AcceptedDomain
from transport.config.rules import Problem, delivery_problems

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT})


def problems(domain: AcceptedDomain, others: Collection[AcceptedDomain]) -> Iterator[Problem]:
    """What keeps an accepted domain from standing beside the others."""
    if any(other.domain_name == domain.domain_name for other in others):
        yield Problem("domain_name", f"“{domain.domain_name}” is an accepted domain already.")
    if any(other.name.lower() == domain.name.lower() for other in others):
        yield Problem("name", f"There is an accepted domain “{domain.name}” already; choose another name.")
    if domain.match_subdomains and domain.domain_name.startswith("*"):
        yield Problem("match_subdomains", "* stands for the subdomains already; leave this off.")
    if domain.default and domain.domain_name.startswith("*"):
        yield Problem("default", "The default domain gives the postmaster its address: it cannot begin with *.")
    yield from delivery_problems(domain)


ROWS = SettingsRows(ACCEPTED_DOMAIN, problems, WRITERS)


def create(actor: Actor, domain: AcceptedDomain, confirmed: Collection[str] = ()) -> models.AcceptedDomain:
    """Adds a domain. The first one is the default; a new default takes the place of the old one."""
    actor.require(*WRITERS)
    domain = _named(domain)
    with change(actor, f"{ACCEPTED_DOMAIN.noun} {domain.domain_name}: created", confirmed) as under_way:
        if not models.AcceptedDomain.objects.exists():
            domain = replace(domain, default=True)
        ROWS.check(domain, ROWS.others(None))
        if domain.default:
            _retire_default(under_way)
        row = write(domain, models.AcceptedDomain())
        row.save()
        under_way.record(ACCEPTED_DOMAIN.noun, domain.domain_name, None, properties(domain))
    return row


def _named(domain: AcceptedDomain) -> AcceptedDomain:
    try:
        name = kinds.domain_name(domain.domain_name)
    except ValueError as error:
        raise ValidationError({"domain_name": str(error)}) from None
    return replace(domain, domain_name=name, name=domain.name or name[:64])


def update(
    actor: Actor, pk: int, changes: Mapping[str, Any], version: int | None = None, confirmed: Collection[str] = ()
) -> models.AcceptedDomain:
    """Changes some settings (field → value) of a domain, but never the domain itself."""
    actor.require(*WRITERS)
    with change(actor, "", confirmed) as under_way:
        row: models.AcceptedDomain = ROWS.row(pk)
        before = struct_of(row, AcceptedDomain)
        if version is not None and version != row.version:
            raise ValidationError(ROWS.meanwhile(before, changes), code="stale")
        after = _named(replace(before, **changes))
        _check_fixed(before, after)
        ROWS.check(after, ROWS.others(pk))
        if after.default and not before.default:
            _retire_default(under_way)
        if before != after:
            ROWS.save(write(after, row))
        under_way.comment = f"{ACCEPTED_DOMAIN.noun} {after.domain_name}: changed"
        under_way.record(ACCEPTED_DOMAIN.noun, after.domain_name, properties(before), properties(after))
    return row


def _check_fixed(before: AcceptedDomain, after: AcceptedDomain) -> None:
    if after.domain_name != before.domain_name:
        raise ValidationError({"domain_name": "The domain cannot be changed: add the new one and remove this one."})
    if before.default and not after.default:
        raise ValidationError({"default": "One domain is always the default: make another one the default instead."})


def _retire_default(under_way: Any) -> None:
    for row in models.AcceptedDomain.objects.filter(default=True):
        before = struct_of(row, AcceptedDomain)
        after = replace(before, default=False)
        ROWS.save(write(after, row))
        under_way.record(ACCEPTED_DOMAIN.noun, after.domain_name, properties(before), properties(after))


def remove(actor: Actor, pk: int, confirmed: Collection[str] = ()) -> None:
    """Removes a domain, unless it is the default."""
    actor.require(*WRITERS)
    with change(actor, "", confirmed) as under_way:
        row = ROWS.row(pk)
        if row.default:
            raise ValidationError(f"{row} is the default domain: make another one the default, then remove it.")
        under_way.comment = f"{ACCEPTED_DOMAIN.noun} {row}: removed"
        under_way.record(ACCEPTED_DOMAIN.noun, row.domain_name, properties(struct_of(row, AcceptedDomain)), None)
        row.delete()


def first_start() -> None:
    """Gives a new installation its first domain, authoritative and default. Raises ValidationError for what is no
    domain, or a wide one: nobody is there to confirm it.
    """
    if models.AcceptedDomain.objects.exists():
        return
    name = settings.GATEPOST_DOMAIN
    try:
        create(SYSTEM, AcceptedDomain(name=name[:64], domain_name=name, default=True))
    except ValidationError as error:
        raise ValidationError(f"GATEPOST_DOMAIN={name}: {' '.join(error.messages)}") from None
