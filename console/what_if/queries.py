"""The what-if on a configuration of this installation: what the pure answer needs to be given."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone

from console.directory.models import Recipient
from console.kerberos import queries as kerberos
from transport.config.snapshot import Snapshot
from transport.trace.watched import WatchedPolicy
from transport.trace.what_if import Answer, Dialogue, Given, what_if


def answer(snapshot: Snapshot, dialogue: Dialogue) -> Answer:
    """What a client would hear under a configuration; who is in the directory, and signs in, is asked as it is now."""
    policy = WatchedPolicy(snapshot, settings.GATEPOST_NODE, not kerberos.why_not_offered())
    given = Given(bool(snapshot.certificates), _is_listed, now=timezone.now().timestamp())
    return what_if(policy, dialogue, given)


def _is_listed(address: str) -> bool:
    return Recipient.objects.filter(address=address, deleted=False).exists()
