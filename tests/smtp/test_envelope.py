"""What is known of a message goes by names."""

from transport.deliver.claims import CLAIM, FACTS
from transport.deliver.queries import with_facts
from transport.send.parcel import Parcel
from transport.smtp.envelope import OF_MESSAGE, TITLES, Envelope


def test_delivery_takes_the_facts_that_a_parcel_names() -> None:
    assert [name for name in OF_MESSAGE if name in Parcel.__dataclass_fields__] == FACTS
    assert {"id", "sender", "size", "smtp_utf8"} <= set(FACTS)
    assert b"@facts" not in CLAIM and b"m.smtp_utf8" in CLAIM
    assert with_facts("originals", ["helo", "no fact"])[0] == ["helo"]


def test_only_facts_of_the_message_are_shown_on_its_page() -> None:
    assert set(TITLES) <= set(OF_MESSAGE) < set(Envelope.__struct_fields__)
    assert TITLES["message_id"] == "Message ID"
