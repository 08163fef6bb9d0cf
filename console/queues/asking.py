"""The page that asks before something is done to much: what it concerns, how many they are, what else must be said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console import clock
from console.actors import Actor
from console.connectors.models import SendConnector
from console.crud.action_page import ActionPage
from console.crud.again import own_page
from console.queues import actions, following, queries
from console.queues.selection import Selection
from console.queues.views import EXPORT, REDIRECT, REMOVE_WITH, REMOVE_WITHOUT, RESUBMIT, RESUME, RETRY, SUSPEND, VERBS

LONGEST_REASON = 200
ENDS = [
    ("", gettext_lazy("when somebody resumes it")),
    ("15", gettext_lazy("after 15 minutes")),
    ("60", gettext_lazy("after 1 hour")),
    ("240", gettext_lazy("after 4 hours")),
    ("1440", gettext_lazy("after 1 day")),
    ("10080", gettext_lazy("after 7 days")),
]
LABELS = {verb.name: verb.label for verb in VERBS}
MEANINGS = {
    RETRY.name: gettext_lazy("It is tried now, whatever the time of the next retry is."),
    RESUME.name: gettext_lazy("It is delivered again."),
    RESUBMIT.name: gettext_lazy("The next hop is chosen anew by the settings of now. Suspended messages stay."),
    SUSPEND.name: gettext_lazy("Nothing of it is delivered until it is resumed. What is being delivered now goes on."),
    REDIRECT.name: gettext_lazy(
        "To another address: that one gets the messages instead, and senders are not told. "
        "Through another Send connector: the addresses stay, and mail waits there even if the settings say otherwise."
    ),
    EXPORT.name: gettext_lazy("The messages stay where they are. Who takes them is written down."),
    REMOVE_WITH.name: gettext_lazy("The messages are not delivered. Their senders get a non-delivery report."),
    REMOVE_WITHOUT.name: gettext_lazy(
        "The messages are not delivered, and nobody is told: neither senders nor recipients."
    ),
}


class Counted(forms.Form):
    """`count`: of how many recipients the page has told."""

    count = forms.IntegerField(widget=forms.HiddenInput, required=False)


class SuspendForm(Counted):
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=LONGEST_REASON,
        required=False,
        help_text=gettext_lazy("For whoever looks at the queue next. It stands there, and in the change history."),
    )
    ends = forms.ChoiceField(label=gettext_lazy("It ends"), choices=ENDS, required=False)

    @property
    def until(self) -> datetime | None:
        minutes = self.cleaned_data["ends"]
        return clock.now() + timedelta(minutes=int(minutes)) if minutes else None


class RedirectForm(Counted):
    address = forms.CharField(
        label=gettext_lazy("To another address"), required=False, max_length=320, validators=[EmailValidator()]
    )
    connector = forms.ModelChoiceField(
        SendConnector.objects.filter(enabled=True).order_by("name"),
        label=gettext_lazy("Through another Send connector"),
        required=False,
        to_field_name="name",
        empty_label="–",
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if bool(found.get("address")) == bool(found.get("connector")) and not self.errors:
            raise ValidationError(_("Say one of the two: an address, or a Send connector."))
        return found


class AskPage(ActionPage):
    """Before much is changed, or something that needs a word more."""

    template_name = "queues/ask.html"
    FORMS = {SUSPEND.name: SuspendForm, REDIRECT.name: RedirectForm}

    @property
    def given(self) -> QueryDict:
        return self.request.POST if self.request.method == "POST" else self.request.GET

    @cached_property
    def verb(self) -> str:
        name = self.given.get("verb", "")
        if name not in LABELS:
            raise Http404
        return name

    @cached_property
    def selection(self) -> Selection:
        return Selection(self.given)

    @cached_property
    def count(self) -> int:
        """Recipients that wait."""
        return self.selection.rows().count()

    @property
    def concerns_queues(self) -> bool:
        """Whether the queue itself changes, also for what comes later."""
        return self.selection.is_of_queues and self.verb in (RETRY.name, SUSPEND.name, RESUME.name, RESUBMIT.name)

    @property
    def back(self) -> str:
        """Where the reader comes from, if that is a page of ours."""
        return own_page(self.given.get("back", "")) or reverse("queues:list")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().get(request, *args, **kwargs) if self._is_something else self._nothing()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().post(request, *args, **kwargs) if self._is_something else self._nothing()

    @property
    def _is_something(self) -> bool:
        return bool(self.selection.queues) if self.concerns_queues else self.count > 0

    def _nothing(self) -> HttpResponse:
        messages.warning(self.request, _("Nothing waits there any more."))
        return redirect(self.back)

    def get_form_class(self) -> type[forms.Form]:
        return self.FORMS.get(self.verb, Counted)

    def get_initial(self) -> dict[str, Any]:
        return {"count": self.count}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = self.selection.rows()
        context = super().get_context_data(**kwargs) | {"verb": self.verb, "label": LABELS[self.verb], "view": self}
        context |= {"meaning": MEANINGS[self.verb], "count": self.count, "first": rows[:10]}
        context |= {"messages_count": rows.order_by().values("message_id").distinct().count()}
        context |= {"queues": self.selection.queues[:10] if self.concerns_queues else [], "cancel_url": self.back}
        context |= {"queues_count": len(self.selection.queues) if self.concerns_queues else 0}
        context |= {"is_dangerous": self.verb in (REMOVE_WITH.name, REMOVE_WITHOUT.name)}
        return context | {"pairs": list(self.selection.pairs()), "crumbs": [(_("Queues"), reverse("queues:list"))]}

    def submit(self, form: Any) -> HttpResponse:
        told = form.cleaned_data["count"]
        if not self.concerns_queues and told is not None and self.count > told:
            form.data = form.data.copy()
            form.data["count"] = str(self.count)
            raise ValidationError(_("They are %(now)d by now, and were %(told)d. Look again, and say so once more.")
                                  % {"now": self.count, "told": told})  # fmt: skip
        if self.verb == EXPORT.name:
            return redirect(reverse("queues:export") + "?" + urlencode(list(self.selection.pairs())))
        if self.concerns_queues:
            self._act_on_queues(form)
        else:
            self._act_on_messages(form)
        return redirect(self.back)

    def _act_on_queues(self, form: Any) -> None:
        keys = self.selection.queues
        doing: dict[str, Callable[[Actor, str], object]] = {
            RETRY.name: actions.retry,
            RESUME.name: actions.resume,
            RESUBMIT.name: actions.resubmit,
            SUSPEND.name: lambda actor, key: actions.suspend(actor, key, form.cleaned_data["reason"], form.until),
        }
        chosen = queries.to_try(keys) if self.verb == RETRY.name else []
        for key in keys:
            doing[self.verb](self.actor, key)
        done = ngettext("%(done)s: %(n)d queue.", "%(done)s: %(n)d queues.", len(keys))
        what = ngettext("%d queue", "%d queues", len(keys)) % len(keys)
        following.follow(self.request, done % {"done": DONE[self.verb], "n": len(keys)}, what, chosen, self.count)

    def _act_on_messages(self, form: Any) -> None:
        keys = self.selection.recipients()
        count = act(self.actor, self.verb, keys, form.cleaned_data, getattr(form, "until", None))
        tell(self.request, self.verb, count, keys)


DONE = {
    RETRY.name: gettext_lazy("Tried again at once"),
    SUSPEND.name: gettext_lazy("Suspended"),
    RESUME.name: gettext_lazy("Resumed"),
    RESUBMIT.name: gettext_lazy("Routed anew"),
    REDIRECT.name: gettext_lazy("Redirected"),
    REMOVE_WITH.name: gettext_lazy("Removed, with a report to the sender"),
    REMOVE_WITHOUT.name: gettext_lazy("Removed, without a report"),
}


def act(actor: Actor, verb: str, keys: list[int], said: dict[str, Any], until: datetime | None = None) -> int:
    """Does it to recipients, with what the form says; returns how many it concerned."""
    match verb:
        case RETRY.name:
            return actions.retry_recipients(actor, keys)
        case SUSPEND.name:
            return actions.suspend_recipients(actor, keys, said.get("reason", ""), until)
        case RESUME.name:
            return actions.resume_recipients(actor, keys)
        case RESUBMIT.name:
            return actions.resubmit_recipients(actor, keys)
        case REDIRECT.name:
            connector = said["connector"].name if said["connector"] else ""
            return actions.redirect_recipients(actor, keys, address=said["address"], connector=connector)
        case _:
            return actions.remove_recipients(actor, keys, with_ndr=verb == REMOVE_WITH.name)


def tell(request: HttpRequest, verb: str, count: int, of: Sequence[int]) -> None:
    """How many it concerned, and that some were just being delivered, or are not in that state; what comes of a retry
    follows.
    """
    text = ngettext("%(done)s: %(n)d recipient.", "%(done)s: %(n)d recipients.", count)
    text = text % {"done": DONE[verb], "n": count}
    if count < len(of):
        text += " " + _("%d were being delivered at that moment, or were so already.") % (len(of) - count)
    what = ngettext("%d recipient", "%d recipients", len(of)) % len(of)
    following.follow(request, text, what, of if verb == RETRY.name else [], len(of))
