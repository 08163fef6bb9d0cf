"""Who may sign in over SMTP: people, devices, applications. Not the administrators of this console."""

from django.db import models
from django.db.models.functions import Lower, Now

from console.directory.models import Recipient


class Group(models.Model):
    """Users who share rights on connectors; its name is a principal. `members` are groups whose users are in it too."""

    name = models.TextField()
    description = models.TextField(db_default="", blank=True)
    members = models.ManyToManyField("self", symmetrical=False, related_name="holders")

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="users_group_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def principal(self) -> str:
        return self.name


class User(models.Model):
    r"""`domain\name` is the principal and never changes. `password` is an Argon2 hash; `addresses` are those the user
    may send as without the right Accept any sender. `nt_hash`, as good as the password, is there only for users who may
    sign in with NTLM, encrypted with the installation's key."""

    domain = models.TextField()
    name = models.TextField()
    display_name = models.TextField(db_default="", blank=True)
    enabled = models.BooleanField(db_default=True)
    password = models.TextField(db_default="")
    nt_hash = models.TextField(db_default="")
    password_set_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())
    groups = models.ManyToManyField(Group, related_name="users")
    addresses = models.ManyToManyField(Recipient, related_name="users")

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), Lower("domain"), name="users_user_name")]

    def __str__(self) -> str:
        return self.principal

    @property
    def ntlm(self) -> bool:
        return bool(self.nt_hash)

    @property
    def principal(self) -> str:
        return f"{self.domain}\\{self.name}"
