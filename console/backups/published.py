"""What the management shell asks of the schedule's form."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.forms import model_to_dict

from console.backups import queries
from console.backups.forms import ScheduleForm
from console.backups.models import Schedule


def changed_schedule(given: Mapping[str, object]) -> Schedule:
    """The schedule with these fields of the form, not saved; the others stay. Raises ValidationError."""
    row = queries.schedule()
    form = ScheduleForm(model_to_dict(row, ScheduleForm.Meta.fields) | dict(given), instance=row)
    if not form.is_valid():
        raise ValidationError(form.errors.as_data())
    return form.wanted()
