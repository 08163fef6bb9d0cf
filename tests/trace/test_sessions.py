"""Lines of the protocol log, gathered into what the viewer shows."""

from transport.trace.line import field
from transport.trace.sessions import gather

HEADER = "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context"


def test_a_session_bears_the_name_that_the_administrator_gave_its_connector() -> None:
    connector = field("node\\Büro, 2. Stock €")
    (found,) = gather(
        [HEADER, f"1970-01-01T00:00:00.000Z,{connector},08D675E58CA1DA38,0,[::1]:25,[2001:db8::7%eth0]:49152,+,,"]
    )
    assert (found.connector, found.local_endpoint) == ("Büro, 2. Stock €", "[::1]:25")
    assert (found.remote_address, found.remote_port) == ("2001:db8::7", 49152)


def test_what_names_no_client_is_left_out() -> None:
    assert gather([HEADER, "1970-01-01T00:00:00.000Z,node\\c,1,0,127.0.0.1:25,nowhere,+,,"]) == []


def test_from_xclient_on_a_session_is_that_of_the_client_that_is_named() -> None:
    head = "1970-01-01T00:00:00.000Z,node\\{},1,{},{},"
    lines = [
        head.format("Servers", 0, "10.0.0.9:25,10.0.0.7:4321") + "+,,",
        head.format("Internet", 1, "10.0.0.9:25,203.0.113.7:0") + "*,Client named by 10.0.0.7:4321 at …,XCLIENT",
        head.format("Internet", 2, "10.0.0.9:25,nowhere") + "*,Client named by a torn line,XCLIENT",
    ]
    (found,) = gather([HEADER, *lines])
    assert (found.connector, found.remote_address, found.remote_port) == ("Internet", "203.0.113.7", 0)
