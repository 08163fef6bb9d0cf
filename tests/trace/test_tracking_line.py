"""A line of the message tracking log comes back as it was written, whatever strangers put in it."""

from hypothesis import given
from hypothesis import strategies as st

from transport.trace.line import escaped
from transport.trace.tracking_line import TRACKING, Tracked, line, read

texts = {name: st.text(max_size=20) for name in Tracked.__struct_fields__}
facts = st.fixed_dictionaries(texts | {"date_time": st.just("2016-11-18T14:58:25.204Z")})


@given(st.lists(facts.map(lambda each: Tracked(**each)), max_size=3))
def test_any_texts_come_back_shown_in_ascii(events: list[Tracked]) -> None:
    text = TRACKING.header(1_479_658_505.2) + "".join(map(line, events))
    assert text.isascii() and text.replace("\r\n", "").isprintable()
    expected = [{name: escaped(getattr(each, name)) for name in Tracked.__struct_fields__} for each in events]
    found = [{name: getattr(each, name) for name in Tracked.__struct_fields__} for each in read(text)]
    assert [{name: value.lstrip(" ") for name, value in each.items()} for each in found] == [
        {name: value.lstrip(" ") for name, value in each.items()} for each in expected
    ]


def test_a_spreadsheet_computes_nothing() -> None:
    assert ", =1+1," in line(Tracked(date_time="", source="", event_id="", message_subject="=1+1"))
