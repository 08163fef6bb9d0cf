"""The recipients that this organization knows, and the lists that were imported into them."""

from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Concat, Lower
from django.utils.translation import gettext_lazy as _


class NextChange(Func):
    """A new change number: transports fetch what is greater than the last one they know."""

    function = "nextval"
    output_field = models.BigIntegerField()

    def __init__(self) -> None:
        super().__init__(Value("directory_change_number"))


class Recipient(models.Model):
    """One address that exists. Lower case, domain as A-labels. A removed one stays as a tombstone (`deleted`), because
    transports learn of changes by `change_number` only."""

    address = models.TextField(unique=True)
    display_name = models.TextField(db_default="", blank=True)
    change_number = models.BigIntegerField(db_default=NextChange())
    deleted = models.BooleanField(db_default=False)
    created_at = models.DateTimeField(db_default=models.functions.Now())
    search = models.GeneratedField(
        expression=Lower(Concat("address", Value(" ", models.TextField()), "display_name")),
        output_field=models.TextField(),
        db_persist=True,
    )

    class Meta:
        indexes = [
            models.Index(fields=["change_number"], name="directory_recipient_change"),
            models.Index(fields=["display_name", "id"], name="directory_recipient_named"),
            models.Index(fields=["created_at", "id"], name="directory_recipient_added"),
        ]

    def __str__(self) -> str:
        return self.address


class ImportState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    CHECKING = "checking", _("Checking the lines")
    WRITING = "writing", _("Writing to the directory")
    DONE = "done", _("Imported")
    REFUSED = "refused", _("Not imported")


class Import(models.Model):
    """One list of recipients on its way into the directory: wholly, or not at all.

    `notes` counts and names what the reader should know: {"bad", "repeated", "foreign": [first 100 of each]}.
    """

    author = models.TextField()
    source = models.TextField()
    content = models.BinaryField()
    state = models.TextField(choices=ImportState.choices, db_default=ImportState.WAITING)
    lines = models.IntegerField(db_default=0)
    checked = models.IntegerField(db_default=0)
    added = models.IntegerField(db_default=0)
    renamed = models.IntegerField(db_default=0)
    unchanged = models.IntegerField(db_default=0)
    notes = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=models.functions.Now())
    finished_at = models.DateTimeField(null=True)

    @property
    def running(self) -> bool:
        return self.state in (ImportState.WAITING, ImportState.CHECKING, ImportState.WRITING)
