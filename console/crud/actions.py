"""What a person changes of how they see a list, their own rows alone; and tags, which are everybody's. None of it is
part of the configuration.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from console.actors import Actor, Role
from console.audit.actions import record
from console.audit.models import Entry
from console.crud import schema
from console.crud.models import ListLayout, ObjectTags, SavedFilter
from console.crud.reader import PAGE_SIZES
from console.crud.tags import FIELD, label_of, require_few, tags_of

TAGGED = "tagged"
"""What the change history calls it."""
LONGEST_NAME = 60
LONGEST_QUERY = 2000
MOST_FILTERS = 50


def lay_out(user: User, page: str, columns: Sequence[str], page_size: int | None) -> None:
    """Which columns of a list a person sees (none: the usual ones), and how many rows at once (None: as elsewhere)."""
    size = page_size if page_size in PAGE_SIZES else None
    ListLayout.objects.update_or_create({"columns": list(columns), "page_size": size}, user_id=user.pk, list=page)


def keep_filter(user: User, page: str, name: str, query: str) -> None:
    """Keeps a filter under a name, in place of one that had it. Raises ValidationError."""
    name = " ".join(name.replace("\0", "").split())
    if not name:
        raise ValidationError(_("Give the filter a name."))
    if len(name) > LONGEST_NAME or len(query) > LONGEST_QUERY:
        raise ValidationError(_("This name or filter is too long: at most 60 characters for a name."))
    own = SavedFilter.objects.filter(user_id=user.pk, list=page)
    if own.exclude(name=name).count() >= MOST_FILTERS:
        raise ValidationError(_("You have 50 filters for this list. Remove one first."))
    SavedFilter.objects.update_or_create({"query": query}, user_id=user.pk, list=page, name=name)


def forget_filter(user: User, page: str, pk: int) -> None:
    """Removes one of one's own."""
    SavedFilter.objects.filter(user_id=user.pk, list=page, pk=pk).delete()


@transaction.atomic
def tag(
    actor: Actor,
    writers: Collection[Role],
    noun: str,
    objects: Sequence[Any],
    add: Collection[str] = (),
    remove: Collection[str] = (),
) -> None:
    """Adds tags to objects of one kind, which the change history calls `noun`, and takes some away: for `writers`.

    Raises ValidationError where one of them would have too many.
    """
    actor.require(*writers)
    if not objects:
        return
    if schema.current():
        if add or remove:
            raise ValidationError({FIELD: _("Tags count at once: leave the draft to change them.")})
        return
    model, kind = type(objects[0]), label_of(objects[0])
    every = ObjectTags.objects.filter(kind=kind)
    every.exclude(key__in=model._default_manager.order_by().values("pk")).delete()
    kept = {each.key: each.words for each in every.select_for_update().filter(key__in=[obj.pk for obj in objects])}
    for obj in objects:
        before = kept.get(obj.pk, [])
        after = sorted({*before, *add} - set(remove))
        require_few(after)
        if after != before:
            every.update_or_create({"words": after}, kind=kind, key=obj.pk)
            record(actor, noun, str(obj), TAGGED, {"Tags": ", ".join(before)}, {"Tags": ", ".join(after)})


def tag_again(noun: str, objects: Iterable[Any]) -> None:
    """Objects that come back have the tags again that the change history saw last at what was called so; those in a
    draft, once it is activated.
    """
    for obj in () if schema.current() else objects:
        seen = Entry.objects.filter(kind=noun, object_name=str(obj), verb=TAGGED).first()
        if seen is not None and (words := (seen.after or {}).get("Tags")):
            ObjectTags.objects.update_or_create({"words": words.split(", ")}, kind=label_of(obj), key=obj.pk)


def set_tags(actor: Actor, writers: Collection[Role], noun: str, obj: Any, wanted: Collection[str]) -> None:
    """The tags of an object are these."""
    before = set(tags_of(obj))
    tag(actor, writers, noun, [obj], set(wanted) - before, before - set(wanted))
