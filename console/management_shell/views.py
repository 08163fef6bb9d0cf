"""The management shell's page."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from redis import RedisError

from console.actors import EVERY_ROLE
from console.crud import RoleRequired, schema
from console.crud.streaming import small_file
from console.drafts import actions as drafts
from console.management_shell import actions, downloads, page, queries
from console.management_shell.language.builtin import ALIASES
from console.management_shell.language.completion import complete
from console.management_shell.session import commands

COLUMNS = 110
EXAMPLES = [
    ("Get-ReceiveConnector | fl Identity,*Tls*", gettext_lazy("everything about TLS, of every Receive connector")),
    ("Get-ReceiveConnector | ft Name,Bindings,RemoteIPRanges,PermissionGroups", gettext_lazy("who may connect where")),
    ("Get-ReceiveConnector | where Enabled -eq $false", gettext_lazy("the disabled ones")),
    ("Get-Command *connector*", gettext_lazy("what can be done with connectors")),
    ("Get-Help Set-ReceiveConnector", gettext_lazy("all about one command, with examples")),
]


class Shell(RoleRequired):
    """Every role may open it; what a command may do, its action decides."""

    writers = EVERY_ROLE

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page({"script": request.GET.get("script", "")})

    def post(self, request: HttpRequest) -> HttpResponse:
        text = request.POST.get("script", "").replace("\r\n", "\n").strip()
        if not text:
            return HttpResponse(status=204) if request.headers.get("HX-Request") else redirect("management_shell:shell")
        answers = self._answers(text)
        if not answers:
            actions.remember(self.user, text)
        before = schema.current()
        outcome, answers = page.run(self.actor, text, answers, _number(request.POST.get("columns", "")))
        schema.move(before if outcome.question else schema.current())
        drafts.keep(request.session)
        entry = self._entry(text, outcome, answers)
        if request.headers.get("HX-Request"):
            response = render(request, "management_shell/entry.html", {"entry": entry})
            response["HX-Trigger"] = "revision-changed"
            return response
        return self._page({"entry": entry, "script": text if outcome.failed else ""})

    def _answers(self, text: str) -> page.Answers:
        """Those that were given before, and the one that is given now."""
        token = self.request.POST.get("answers", "")
        answers = page.unsealed(self.user.pk, text, token) if token else []
        if answers:
            answers[-1] = (answers[-1][0], self.request.POST.get("answer", ""))
        return answers

    def _entry(self, text: str, outcome: page.Outcome, answers: page.Answers) -> dict[str, Any]:
        user_id = self.user.pk
        return {
            "text": text,
            "outcome": outcome,
            "files": self._kept(outcome),
            "answers": page.sealed(user_id, text, answers) if outcome.question else "",
        }

    def _kept(self, outcome: page.Outcome) -> list[tuple[str, str]]:
        """(name, key) of the files to fetch."""
        try:
            return [(name, downloads.keep(self.user.pk, name, content)) for name, content in outcome.files]
        except RedisError:
            outcome.pieces.append(page.Piece("error", _("The file could not be kept: Redis does not answer.")))
            return []

    def _page(self, context: dict[str, Any]) -> HttpResponse:
        context |= {"history": queries.history(self.user.get_username()), "examples": EXAMPLES, "columns": COLUMNS}
        context["kept_for"] = salted_hmac("shell output", self.request.session.session_key or "").hexdigest()[:16]
        return render(self.request, "management_shell/shell.html", context)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else COLUMNS


class Completion(RoleRequired):
    """`?before=…` → [{text, start, meaning}]."""

    def get(self, request: HttpRequest) -> HttpResponse:
        found = complete(commands(), ALIASES, request.GET.get("before", "")[-20_000:])
        return JsonResponse([vars(each) for each in found], safe=False)


class Forget(RoleRequired):
    """Empties one's own history."""

    writers = EVERY_ROLE

    def post(self, request: HttpRequest) -> HttpResponse:
        actions.forget(self.user)
        return redirect("management_shell:shell")


class Download(RoleRequired):
    """A file that a script wrote."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        found = downloads.fetch(self.user.pk, key)
        if found is None:
            raise Http404(_("This file is gone. Run the command again."))
        name, content = found
        return small_file(content, name, "application/octet-stream")
