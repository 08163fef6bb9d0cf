"""The queue's table has a column for each fact of an envelope."""

import msgspec
from django.db import connection

from console.queues.models import Message, QueuedRecipient
from transport.shell.forward.queue_tables import MESSAGE_TYPES
from transport.smtp.envelope import OF_MESSAGE, Envelope

TYPES = {
    "uuid": "uuid",
    "timestamp with time zone": "timestamptz",
    "text": "text",
    "integer": "int4",
    "bigint": "int8",
    "boolean": "bool",
}


def test_every_fact_of_an_envelope_has_a_column_and_every_column_is_filled() -> None:
    of_received = [field for field in Message._meta.concrete_fields if not field.null]
    columns = {field.name: TYPES[field.db_type(connection) or ""] for field in of_received}
    assert columns == MESSAGE_TYPES
    of_recipients = set(Envelope.__struct_fields__) - set(OF_MESSAGE)
    assert of_recipients == {"recipients", "notify", "orcpt", "body_file"}
    assert {"address", "notify", "orcpt"} <= {field.name for field in QueuedRecipient._meta.concrete_fields}


def test_a_fact_that_came_later_has_the_same_default_in_a_record_and_in_the_table() -> None:
    """So that it is safe to add while mail of before waits in both."""
    for field in msgspec.structs.fields(Envelope):
        if field.name in OF_MESSAGE and field.default is not msgspec.NODEFAULT:
            assert Message._meta.get_field(field.name).db_default == field.default, field.name
