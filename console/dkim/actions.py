"""Every write of DKIM keys. Each raises PermissionDenied, and ValidationError where something cannot be done.

A key is made, published by whoever runs DNS (which is checked), active, then retiring while mail that it signed is on
its way, and revoked. Housekeeping leads it from the one to the other where nobody has to decide.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from time import monotonic

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from console import clock
from console.actors import SYSTEM, Actor, Role
from console.audit.actions import record
from console.certificates import keys
from console.dkim import queries
from console.dkim.models import DkimKey, State
from transport.send.dkim import Algorithm

WRITERS = frozenset({Role.ORGANIZATION_MANAGEMENT, Role.HYGIENE_MANAGEMENT})
KIND = "DKIM key"
RETIRING = timedelta(days=7)
"""Longer than mail waits in queues, here and elsewhere: receivers may check a signature late."""
RSA_BITS = 2048
LOOKED_UP = (State.MADE, State.PUBLISHED, State.ACTIVE)
LOOKING = 60.0
"""Seconds for looking records up in one go; those that were seen longest ago come first."""


def make(actor: Actor, domain: str, algorithms: list[Algorithm] | None = None) -> list[DkimKey]:
    """New keys of a domain, one for each algorithm, for which mail is not signed yet."""
    actor.require(*WRITERS)
    if domain not in queries.domains():
        raise ValidationError({"domain": _("%s is no accepted domain.") % domain})
    with transaction.atomic():
        made = [_make(domain, each) for each in algorithms or list(Algorithm)]
        for key in made:
            record(actor, KIND, str(key), "made", None, _shown(key))
    return made


def _make(domain: str, algorithm: Algorithm) -> DkimKey:
    private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
    if algorithm is Algorithm.ED25519:
        private = ed25519.Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    else:
        private = rsa.generate_private_key(65537, RSA_BITS)
        public = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    return DkimKey.objects.create(
        domain=domain, selector=_selector(domain, algorithm), algorithm=algorithm.value,
        encrypted_key=keys.encrypt(private), public_key=b64encode(public).decode(),
    )  # fmt: skip


def _selector(domain: str, algorithm: Algorithm) -> str:
    """Named by the month, so that one sees its age."""
    start = f"gp{clock.now():%Y%m}{'e' if algorithm is Algorithm.ED25519 else 'r'}"
    taken = set(DkimKey.objects.filter(domain=domain).values_list("selector", flat=True))
    return next(name for name in (start, *(f"{start}{number}" for number in range(2, 1000))) if name not in taken)


def check(actor: Actor, key: DkimKey) -> str:
    """Asks DNS for the record and notes what it shows; returns what is wrong, in words."""
    actor.require(*WRITERS)
    problem = queries.problem_in_dns(key)
    with transaction.atomic():
        now = DkimKey.objects.select_for_update().get(pk=key.pk)
        now.problem, now.seen_at = problem, now.seen_at if problem else clock.now()
        if now.state == State.MADE and not problem:
            _move(actor, now, State.PUBLISHED)
        now.save()
    return problem


def activate(actor: Actor, key: DkimKey) -> None:
    """Signs with this key from now on; the one of its kind that did so before retires."""
    actor.require(*WRITERS)
    if problem := check(actor, key):
        raise ValidationError(_("It cannot sign yet. %s") % problem)
    with transaction.atomic():
        every = DkimKey.objects.select_for_update().filter(domain=key.domain, algorithm=key.algorithm)
        for other in every:
            if other.pk == key.pk:
                _move(actor, other, State.ACTIVE)
            elif other.state == State.ACTIVE:
                _move(actor, other, State.RETIRING)
            other.save()


def retire(actor: Actor, key: DkimKey) -> None:
    """Signs with this key no more. Its record has to stay until it is revoked."""
    actor.require(*WRITERS)
    with transaction.atomic():
        _move(actor, key, State.RETIRING)
        key.save()


def remove(actor: Actor, key: DkimKey) -> None:
    """Forgets a key that signs nothing."""
    actor.require(*WRITERS)
    if key.state == State.ACTIVE:
        raise ValidationError(_("It signs mail: let it retire first."))
    with transaction.atomic():
        record(actor, KIND, str(key), "removed", _shown(key), None)
        key.delete()


def go_on() -> None:
    """What nobody has to decide: records are looked up, retired keys revoked once no mail needs them."""
    began = monotonic()
    for key in DkimKey.objects.filter(state__in=LOOKED_UP).order_by(F("seen_at").asc(nulls_first=True)):
        if monotonic() - began < LOOKING:
            check(SYSTEM, key)
    with transaction.atomic():
        over = DkimKey.objects.select_for_update().filter(state=State.RETIRING, retired_at__lt=clock.now() - RETIRING)
        for key in over:
            _move(SYSTEM, key, State.REVOKED)
            key.save()


def _move(actor: Actor, key: DkimKey, state: State) -> None:
    before = _shown(key)
    key.state = state
    key.retired_at = clock.now() if state is State.RETIRING else None if state is State.ACTIVE else key.retired_at
    record(actor, KIND, str(key), state.value, before, _shown(key))


def _shown(key: DkimKey) -> dict[str, str]:
    return {"Domain": key.domain, "Selector": key.selector, "Algorithm": key.algorithm, "State": key.state}
