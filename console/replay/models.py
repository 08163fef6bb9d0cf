"""The short records of clients' sessions. The forwarder fills this table from the files of the transports."""

from django.db import models


class Records(models.Model):
    """Some sessions, in the order in which they ended: lines of `transport.trace.session_record`, packed by zlib."""

    transport = models.TextField()
    first_ended = models.DateTimeField()
    last_ended = models.DateTimeField()
    sessions = models.IntegerField()
    lines = models.BinaryField()

    class Meta:
        db_table = "replay_records"
        indexes = [models.Index(fields=["-last_ended", "-id"], name="replay_records_newest")]

    def __str__(self) -> str:
        return f"{self.transport} {self.last_ended}"
