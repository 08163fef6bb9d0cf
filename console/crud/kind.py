"""What a kind of object declares, what it may override, and where its pages are."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy, override

from console.actors import Role
from console.crud.access import RoleRequired
from console.crud.columns import TAGS, Column, Detail, Filter, Verb
from console.crud.listing import Rows
from console.crud.tags import tagged, tags_in_use, words_at


class Page(StrEnum):
    """Which page of a kind of object a view is; the value ends its URL's name."""

    LIST = "list"
    DETAILS = "details"
    NEW = "new"
    EDIT = "edit"
    REMOVE = "remove"
    ACT = "act"
    VIEW = "view"
    SEVERAL = "several"
    COPY = "copy"
    CSV = "csv"
    TAGS = "tags"


TAGS_COLUMN = Column(gettext_lazy("Tags"), words_at, TAGS, minor=True, optional=True)
TAGS_DETAIL = Detail(gettext_lazy("Tags"), words_at, TAGS)


class Kind(RoleRequired):
    """The declaration. `CrudView` adds the pages."""

    page: Page = Page.LIST

    model: Any = None
    namespace: str = ""
    prefix: str = ""
    noun: Any = ""
    plural: Any = ""
    title: Any = ""
    purpose: Any = ""
    first_step: Any = ""
    removal_warning: Any = ""
    """What removing objects brings with it, for the confirmation page."""
    columns: Sequence[Column] = ()
    details: Sequence[Detail] = ()
    search: Sequence[str] = ()
    filters: Sequence[Filter] = ()
    verbs: Sequence[Verb] = ()
    shared: Sequence[str] = ()
    """Settings that may be changed of several objects at once."""
    copied: Sequence[str] = ()
    """Settings that are asked for when an object is copied; all else is as it is there."""
    copies = False
    """Whether an object is copied in the form of a new one, filled in but for secrets and `own`."""
    own: Sequence[str] = ()
    """Fields that no copy has from another object."""
    is_tagged = False
    """Whether its objects, rows of `model`, have tags."""
    named_by: Sequence[str] = ()
    """Columns of names, which sort as people sort names; a list is sorted by the first, unless they say otherwise."""
    unsorted: Any = ""
    """Why a column without `sort` is not sorted. Empty: the list is short, and sorted by what such a column shows."""
    form_class: Any = None
    new_url: str = ""
    import_url: str = ""
    edit_url: str = ""
    refresh: int = 0
    page_size: int = 50
    pk_converter: str = "int"
    paginator_class = Paginator
    list_template = "crud/list.html"
    details_template = "crud/details.html"
    form_template = "crud/form.html"
    remove_template = "crud/remove.html"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.is_tagged:
            words = Filter("tag", gettext_lazy("Tag"), partial(_tags, cls.model), apply=tagged)
            cls.columns = [*(each for each in cls.columns if each is not TAGS_COLUMN), TAGS_COLUMN]
            cls.details = [*(each for each in cls.details if each is not TAGS_DETAIL), TAGS_DETAIL]
            cls.filters = [*(each for each in cls.filters if each.name != words.name), words]

    @property
    def history_noun(self) -> str:
        """What the change history calls this kind of object."""
        with override(None):
            return str(capfirst(str(self.noun)))

    @classmethod
    def list_name(cls) -> str:
        """The name of the list's URL, by which a person's choices are kept."""
        return f"{cls.namespace}:{cls.prefix}{Page.LIST}"

    def rows(self) -> Rows:
        found: Rows = self.model._default_manager.all()
        return found

    def find(self, pk: Any) -> Any:
        try:
            return get_object_or_404(self.model, pk=pk)
        except (ValueError, ValidationError) as error:
            raise Http404 from error

    def key(self, obj: Any) -> Any:
        return obj.pk

    def name_of(self, obj: Any) -> str:
        return str(obj)

    def may(self, verb: Verb, obj: Any) -> bool:
        return True

    def make_form(self, obj: Any = None) -> Any:
        data = (self.request.POST, self.request.FILES) if self.request.method == "POST" else ()
        return self.form_class(*data, instance=obj)

    def save(self, form: Any) -> Any:
        raise NotImplementedError

    def remove(self, obj: Any) -> None:
        raise NotImplementedError

    def asked(self, name: str) -> str:
        """What the query string says of `name`; without NUL, which no column of the database can hold."""
        return self.request.GET.get(name, "").replace("\0", "")

    @property
    def heading_text(self) -> str:
        return str(self.title or capfirst(self.plural))

    @classmethod
    def urls(cls, at: str = "") -> list[URLPattern]:
        """Its pages under `at`, as far as the class offers them."""
        routes = {Page.LIST: "", Page.ACT: "act", Page.REMOVE: "remove", Page.NEW: "new", Page.VIEW: "view"}
        routes |= {Page.CSV: "rows.csv", Page.SEVERAL: "several", Page.TAGS: "tags"}
        one = f"<{cls.pk_converter}:pk>"
        routes |= {Page.EDIT: f"{one}/edit", Page.COPY: f"{one}/copy", Page.DETAILS: f"{one}/"}
        offered = [page for page in routes if cls.offers(page)]
        return [path(at + routes[page], cls.as_view(page=page), name=f"{cls.prefix}{page}") for page in offered]

    @classmethod
    def offers(cls, page: Page) -> bool:
        if page in (Page.NEW, Page.EDIT):
            return cls.form_class is not None and cls.save is not Kind.save
        if page in (Page.SEVERAL, Page.COPY):
            return bool(cls.shared if page is Page.SEVERAL else cls.copied or cls.copies)
        if page is Page.TAGS:
            return cls.is_tagged
        if page is Page.REMOVE:
            return cls.remove is not Kind.remove
        return True

    def url(self, page: Page, *args: Any) -> str:
        return reverse(f"{self.namespace}:{self.prefix}{page}", args=args)

    def url_of_new(self) -> str:
        if self.new_url:
            return reverse(self.new_url)
        return self.url(Page.NEW) if self.offers(Page.NEW) else ""

    def url_of_import(self) -> str:
        """Where objects of this kind come from Exchange, for administrators."""
        may = self.actor.may(Role.ORGANIZATION_MANAGEMENT)
        return reverse(self.import_url) if self.import_url and may else ""

    def url_to_open(self, obj: Any) -> str:
        """The property page, which everybody may read, or the form, for who may write."""
        return self.url_of_edit(obj) if self.edit_url or self.may_write else ""

    def url_of_edit(self, obj: Any) -> str:
        if self.edit_url:
            return reverse(self.edit_url, args=[self.key(obj)])
        return self.url(Page.EDIT, self.key(obj)) if self.offers(Page.EDIT) else ""


def _tags(model: Any) -> list[tuple[str, str]]:
    return [(word, word) for word in tags_in_use(model)]
