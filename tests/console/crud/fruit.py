"""A kind of object for the tests of console.crud: rows that are no models, with a form, verbs and a removal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404
from django.urls import include, path

from console.actors import Role
from console.crud import BADGE, NAME, NUMBER, Badge, Column, CrudView, Detail, Filter, Group, GroupedForm, Verb
from console.urls import urlpatterns as console_patterns


@dataclass
class Fruit:
    name: str
    weight: int
    ripe: bool = False

    def __str__(self) -> str:
        return self.name


basket: list[Fruit] = []


class FruitForm(GroupedForm, forms.Form):
    name = forms.CharField(label="Name")
    weight = forms.IntegerField(label="Weight", help_text="In grams.")
    groups = [Group("Looks", ["name"]), Group("Size", ["weight"])]
    defaults = {"weight": "100"}

    def __init__(self, data: Any = None, files: Any = None, instance: Fruit | None = None) -> None:
        self.instance = instance
        super().__init__(data, files, initial=vars(instance) if instance else {"weight": 100})


class FruitPages(CrudView):
    namespace = "fruit"
    noun, plural = "fruit", "fruits"
    purpose = "What the tests pick."
    first_step = "Pick the first one."
    columns = [
        Column("Name", "name", NAME, sort="name"),
        Column("Weight", "weight", NUMBER, sort="weight"),
        Column("State", lambda fruit: Badge("ripe" if fruit.ripe else "green", "good"), BADGE),
    ]
    details = [Detail("Weight", "weight", NUMBER)]
    search = ["name"]
    filters = [Filter("state", "State", [("ripe", "Ripe")])]
    verbs = [Verb("ripen", "Ripen", done="is ripe now")]
    form_class = FruitForm
    writers = frozenset({Role.RECIPIENT_MANAGEMENT})
    pk_converter = "str"
    removal_warning = "Nobody can eat them then."

    def rows(self) -> list[Fruit]:
        return basket

    def find(self, pk: Any) -> Fruit:
        for fruit in basket:
            if fruit.name == pk:
                return fruit
        raise Http404

    def key(self, obj: Fruit) -> str:
        return obj.name

    def filtered(self, rows: Any) -> list[Fruit]:
        wanted = self.request.GET.get("state")
        return [fruit for fruit in super().filtered(rows) if not wanted or fruit.ripe]

    def may(self, verb: Verb, obj: Fruit) -> bool:
        return verb.name != "ripen" or not obj.ripe

    def save(self, form: FruitForm) -> Fruit:
        name, weight = form.cleaned_data["name"], form.cleaned_data["weight"]
        if weight > 10_000:
            raise ValidationError({"weight": "Too heavy: at most 10,000."})
        if name == "stone":
            raise ValidationError({"colour": "A stone is no fruit."})
        fruit = form.instance or Fruit(name, weight)
        fruit.name, fruit.weight = name, weight
        if form.instance is None:
            basket.append(fruit)
        return fruit

    def remove(self, obj: Fruit) -> None:
        if obj.name == "apple":
            raise ValidationError("The last apple stays.")
        basket.remove(obj)

    def ripen(self, obj: Fruit) -> None:
        if obj.weight == 0:
            raise ValidationError("There is nothing to ripen.")
        obj.ripe = True


urlpatterns = [path("fruit/", include((FruitPages.urls(), "fruit"))), *console_patterns]
