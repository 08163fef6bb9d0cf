"""What is written to the protocol log is read as it was meant, also by those who know other columns."""

import csv
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transport.receive.rules import RULES
from transport.trace import line
from transport.trace.line import Decision, Line, SessionLines, Speller, escaped, field, plain, read
from transport.trace.series import RECEIVE, SEND, Series

WHEN = 1479658505.263
STAMP = "2016-11-20T16:15:05.263Z"
HEADER = "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context"
commands = st.binary().map(lambda sent: sent.rstrip(b"\r\n"))
replies = st.text().map(lambda text: b"250 " + text.encode().translate(None, b"\r\n") + b"\r\n")


def written(*entries: tuple[str, str | bytes, bytes, str], connector: str = "node\\Default") -> list[Line]:
    session = SessionLines(connector, "08D675E58CA1DA38", line.endpoint("::1", 25), line.endpoint("192.0.2.7", 49152))
    text = Speller().lines([(WHEN, session, *entry) for entry in entries])
    assert text.isascii() and text.replace("\r\n", "").isprintable()
    return list(read((RECEIVE.header(WHEN) + text).splitlines()))


@given(st.lists(st.tuples(commands.filter(bool), replies, st.text()), max_size=3), st.text())
def test_any_octets_of_a_client_and_any_context_come_back_shown_in_ascii(
    said: list[tuple[bytes, bytes, str]], connector: str
) -> None:
    found = written(*(("<", command, reply, context) for command, reply, context in said), connector=connector)
    assert [(each.event, each.data, each.context) for each in found] == [
        line
        for command, reply, context in said
        for line in (
            ("<", escaped(command.decode("latin-1")), ""),
            (">", escaped(reply[:-2].decode("latin-1")), escaped(context)),
        )
    ]
    shared = ("08D675E58CA1DA38", "[::1]:25", "192.0.2.7:49152")
    for number, each in enumerate(found):
        assert (each.date_time, each.connector_id) == (STAMP, escaped(connector))
        assert (each.session_id, each.local_endpoint, each.remote_endpoint) == shared
        assert each.sequence_number == str(number)


@given(st.text())
def test_any_text_is_one_field_of_printable_ascii(text: str) -> None:
    (read,) = csv.reader([f"x,{field(text)},y"])
    assert read == ["x", escaped(text), "y"]
    assert escaped(text).isascii() and escaped(escaped(text)) == escaped(text)


@given(st.text(st.characters(exclude_categories=("C",), exclude_characters="\\")))
def test_an_administrators_words_can_be_read_again(text: str) -> None:
    assert plain(escaped(text)) == text


@given(st.sampled_from(sorted(RULES)), st.integers(min_value=0), st.text())
def test_a_decision_stands_in_the_context_of_its_reply(rule: str, revision: int, matched: str) -> None:
    context = line.decided(Decision(rule, revision, matched))
    assert context.startswith(line.decided_by(rule))
    (found,) = written(("*", "x", b"", context))
    assert line.decision(found.context) == Decision(rule, revision, plain(escaped(matched)))


@given(st.text())
def test_no_other_context_is_a_decision(context: str) -> None:
    assert line.decision(context) is None


@given(st.integers(0, 10**7))
def test_the_seconds_of_a_tarpit_can_be_read_again(seconds: int) -> None:
    (found,) = written(("*", line.held(seconds), b"", "TarpitInterval"))
    assert line.held_seconds(found.data) == seconds
    assert line.held_seconds("Tarpit") is None


def test_a_reply_of_several_lines_is_one_line() -> None:
    (found,) = written((">", b"", b"250-mx Hello\r\n250-SIZE 5\r\n250 DSN\r\n", ""))
    assert found.data == "250  mx Hello SIZE 5 DSN"
    assert line.in_one_line(found.data) == "250 mx Hello SIZE 5 DSN"


def test_columns_are_found_by_their_names() -> None:
    """Of a file with other columns than ours nothing is lost: unknown ones are passed over, missing ones stay empty."""
    header = "#Fields: session-id,of-a-later-revision,event,date-time,data"
    assert list(read([header, f'1,AES,<,{STAMP},"a,b"', "too,short"])) == [
        Line(date_time=STAMP, session_id="1", event="<", data="a,b")
    ]


def test_a_file_may_go_on_with_other_columns() -> None:
    lines = [
        HEADER,
        f"{STAMP},n\\c,1,0,l,r,<,one,",
        HEADER + ",of-a-later-revision",
        f"{STAMP},n\\c,1,1,l,r,<,two,,AES",
    ]
    assert [each.data for each in read(lines)] == ["one", "two"]


@pytest.mark.parametrize("torn", ['x,"an open quote', f"{STAMP},n\\c", "", '"' + "x" * 200_000])
def test_a_torn_line_costs_no_other(torn: str) -> None:
    whole = f'{STAMP},n\\c,1,0,l,r,<,"a ""b""",'
    assert [each.data for each in read([HEADER, whole, torn, whole])] == ['a "b"', 'a "b"']


def test_what_the_viewer_keeps_of_an_event_is_a_line_again() -> None:
    (found,) = written(("*", "x", b"", "y"))
    assert line.of_event(line.kept(line.of_event(found))) == line.of_event(found)
    assert line.kept([STAMP, "<"]) == Line(date_time=STAMP, event="<")
    assert line.kept([*line.of_event(found), "of a later column", None])


@given(st.uuids(), st.integers(200, 599), st.lists(st.text(st.characters(exclude_characters="\r\n")), min_size=1))
def test_a_reply_of_a_next_hop_names_the_message_that_it_answers(message: UUID, code: int, texts: list[str]) -> None:
    data = line.reply(code, "\n".join(texts))
    (found,) = written(("<", data, b"", line.answered(str(message))))
    assert (found.event, found.data, line.message_of(found.context)) == ("<", escaped(data), str(message))
    assert line.in_one_line(found.data).startswith(f"{code} ")


@given(st.text())
def test_no_other_context_names_a_message(context: str) -> None:
    assert line.message_of(context) == ""


@given(st.sampled_from([RECEIVE, SEND]), st.integers(0, 4102444800), st.integers(1, 10**6))
def test_a_file_says_by_its_name_which_log_it_is_of(series: Series, moment: int, number: int) -> None:
    period = series.of(moment)
    assert [each.read(series.name(period, number)) for each in (RECEIVE, SEND)] == [
        (period, number) if each is series else None for each in (RECEIVE, SEND)
    ]
    assert list(read(series.header(moment).splitlines())) == []
