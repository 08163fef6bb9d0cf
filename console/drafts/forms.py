from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from console.crud import GroupedForm
from console.crud.said import said
from console.drafts.actions import LONGEST
from console.drafts.merge import Key
from console.publishing.views import Activation


class DraftForm(GroupedForm, forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=LONGEST, help_text=_("What the changes are for, such as: new mail host.")
    )

    def __init__(self, *args: Any, instance: Any = None, **options: Any) -> None:
        super().__init__(*args, **options)


class ActivateDraft(Activation):
    """For good or for a time, and whose change counts where others have published one of the same object."""

    def __init__(self, *args: Any, conflicts: tuple[Key, ...] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.conflicts = conflicts
        for number, (noun, name) in enumerate(conflicts):
            self.fields[f"conflict-{number}"] = forms.ChoiceField(
                label=name if noun.lower() == name else f"{said(noun)} {name}",
                choices=[("theirs", _("Keep what was published meanwhile")), ("draft", _("Take the draft's"))],
                widget=forms.RadioSelect,
            )
        self.order_fields([each for each in self.fields if each != "minutes"])

    @property
    def decided(self) -> dict[Key, bool]:
        """Of each conflict, whether the draft's side is taken."""
        given = self.cleaned_data
        return {key: given[f"conflict-{number}"] == "draft" for number, key in enumerate(self.conflicts)}
