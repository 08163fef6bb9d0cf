"""What domains publish about the TLS of their mail servers, and how speaking TLS with them ended. Delivery fills the
tables, with SQL of its own.
"""

from django.db import models
from django.db.models.functions import Now


class StsPolicy(models.Model):
    """The MTA-STS policy of a domain (RFC 8461) as it was fetched last: it holds for `max_age` seconds from then on,
    even where it cannot be fetched any more. `mx`: a pattern on each line. Without `fetched_at` there is none.
    """

    domain = models.TextField(primary_key=True)
    policy_id = models.TextField(db_default="")
    mode = models.TextField(db_default="")
    mx = models.TextField(db_default="")
    max_age = models.IntegerField(db_default=0)
    fetched_at = models.DateTimeField(null=True)
    last_error = models.TextField(db_default="")
    next_try = models.DateTimeField(db_index=True)


class Result(models.Model):
    """So many connections to a host ended alike on one day (UTC): RFC 8460 §4. `key` stands for all but `sessions`."""

    day = models.DateField()
    key = models.TextField()
    domain = models.TextField()
    policy = models.TextField()
    policy_lines = models.TextField()
    policy_hosts = models.TextField()
    result = models.TextField()
    host = models.TextField()
    address = models.TextField()
    words = models.TextField()
    sessions = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "key"], name="one_row_for_each_result")]
        indexes = [models.Index(fields=["domain", "day"], name="tls_result_domain")]


class ReceivedReport(models.Model):
    """What others say of TLS with our mail servers (RFC 8460): `document` is the whole report, as
    `transport.send.tls_report` has it; the rest of it is for lists. `domains`, `results`: one on each line.
    `came_by_mail`: nobody has handed it in.
    """

    organization = models.TextField()
    report_id = models.TextField()
    begin = models.DateTimeField()
    end = models.DateTimeField()
    domains = models.TextField()
    policies = models.TextField()
    results = models.TextField()
    successful = models.BigIntegerField()
    failed = models.BigIntegerField()
    document = models.TextField()
    came_by_mail = models.BooleanField(db_default=False)
    received_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        ordering = ["-begin", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "report_id", "begin"], name="report_handed_in_once")
        ]

    def __str__(self) -> str:
        return f"{self.organization or self.report_id} {self.begin:%Y-%m-%d}"


class SentReport(models.Model):
    """What a domain is told of one day (UTC): due at `due_at`; tried again at `next_try` until it `ended_at`, with
    `words` for what came of it.
    """

    day = models.DateField()
    domain = models.TextField()
    due_at = models.DateTimeField()
    next_try = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    words = models.TextField(db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "domain"], name="one_report_a_day")]
        indexes = [models.Index(fields=["next_try"], name="tls_report_due", condition=models.Q(ended_at=None))]
