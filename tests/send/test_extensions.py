from transport.send.extensions import NOTHING, offered


def test_what_ehlo_names_is_offered_in_whatever_case() -> None:
    found = offered("mx.far.test at your service\nPIPELINING\nSize 1000\n8bitmime\nCHUNKING\nBINARYMIME")
    assert "pipelining" in found and "8bitmime" in found and found.binary
    assert found.size_limit == 1000
    assert "dsn" not in found and "mx.far.test" not in found


def test_chunks_need_both() -> None:
    assert not offered("hi\nCHUNKING").binary and not offered("hi\nBINARYMIME").binary


def test_a_host_without_ehlo_offers_nothing() -> None:
    assert "size" not in NOTHING and not NOTHING.size_limit and not NOTHING.binary
    assert offered("hello there") == NOTHING


def test_mechanisms_are_read_in_both_forms_of_writing_them() -> None:
    found = offered("hi\nAUTH=LOGIN\nauth plain Cram-MD5\nSIZE 10")
    assert found.mechanisms == {"LOGIN", "PLAIN", "CRAM-MD5"}
    assert "auth" in found and not offered("hi\nAUTHX FOO").mechanisms
