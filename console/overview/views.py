from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from console.crud.access import RoleRequired


class Home(RoleRequired):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "overview/home.html")


class RevisionState(RoleRequired):
    """The words in the top bar, asked for again every few seconds."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "overview/revision_state_only.html")


class Search(RoleRequired):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "overview/search.html", {"q": request.GET.get("q", "")})
