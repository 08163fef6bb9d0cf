"""Addresses of PostgreSQL."""

import pytest
from psycopg.conninfo import conninfo_to_dict

from transport.postgresql import lively


def test_what_an_address_says_itself_stays() -> None:
    said = conninfo_to_dict(lively("postgresql://gw@db/mail?keepalives_idle=60&options=-c%20work_mem%3D8MB"))
    assert (said["host"], said["dbname"], said["keepalives_idle"]) == ("db", "mail", "60")
    assert "tcp_keepalives_idle=3" in str(said["options"]) and str(said["options"]).endswith("-c work_mem=8MB")


@pytest.mark.parametrize("address", ["postgresql://gw:se%cret@db/mail", "host=db password='secret"])
def test_one_that_cannot_be_read_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(OSError, match="DATABASE_URL cannot be read") as refused:
        lively(address)
    assert "cret" not in str(refused.value)
    assert refused.value.__suppress_context__, "a traceback would show what libpq said"
