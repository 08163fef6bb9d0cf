"""Backups in a bucket: a small server that keeps objects as Amazon S3 does, and takes only what is signed rightly."""

from __future__ import annotations

import hashlib
import hmac
import io
import re
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, tzinfo
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec
import pytest

from console.backups import s3
from console.backups.s3 import Bucket, NoBucket
from transport.config import bounds

KEY, SECRET, REGION = "AKIAEXAMPLE", "a/secret+key", "eu-test-1"


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.full = self.fails_late = self.trickles = False
        self.counted = self.lacks = self.busy = 0
        self.hurry = threading.Event()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        """It keeps silent."""

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        where = urlsplit(self.path)
        query = dict(parse_qsl(where.query, keep_blank_values=True))
        if not self._is_signed(where.path, query, body):
            self._say(403, b"<Error><Code>SignatureDoesNotMatch</Code><Message>No.</Message></Error>")
        elif body and self.headers["Content-MD5"] != b64encode(hashlib.md5(body).digest()).decode():
            self._say(400, b"<Error><Code>BadDigest</Code></Error>")
        elif self.server.busy:
            self.server.busy -= 1
            self._say(503, b"<Error><Code>SlowDown</Code></Error>")
        elif self.command == "GET" and where.path not in self.server.objects:
            self._say(404, b"<Error><Code>NoSuchKey</Code><Message>None.</Message></Error>")
        elif self.server.full and self.command in ("PUT", "POST"):
            self._say(507, b"x" * ((bounds.BUCKET_ANSWER.octets or 0) + 5))
        else:
            self._say(200, getattr(self, f"_{self.command.lower()}")(where.path, query, body))

    do_GET = do_PUT = do_POST = do_DELETE = _take

    def _is_signed(self, path: str, query: dict[str, str], body: bytes) -> bool:
        """As AWS documents it for Signature Version 4 in the Authorization header."""
        found = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=(.+?)/(\d{8})/(.+?)/s3/aws4_request, SignedHeaders=(.+?), Signature=(\w+)",
            self.headers["Authorization"],
        )
        assert found
        key, day, region, names, signature = found.groups()
        digest = hashlib.sha256(body).hexdigest()
        text = "&".join(f"{quote(name, safe='')}={quote(query[name], safe='')}" for name in sorted(query))
        headers = "".join(f"{name}:{self.headers[name].strip()}\n" for name in names.split(";"))
        asked = f"{self.command}\n{path}\n{text}\n{headers}\n{names}\n{digest}"
        stamp, scope = self.headers["x-amz-date"], f"{day}/{region}/s3/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
        secret = f"AWS4{SECRET}".encode()
        for part in (day, region, "s3", "aws4_request"):
            secret = hmac.digest(secret, part.encode(), "sha256")
        right = hmac.digest(secret, to_sign.encode(), "sha256").hex()
        return (key, region, signature, self.headers["x-amz-content-sha256"]) == (KEY, REGION, right, digest)

    def _put(self, path: str, query: dict[str, str], body: bytes) -> bytes:
        if "partNumber" in query:
            self.server.parts[query["uploadId"]][int(query["partNumber"])] = body
        else:
            self.server.objects[path] = body
        return b""

    def _post(self, path: str, query: dict[str, str], body: bytes) -> bytes:
        if "uploads" in query:
            self.server.parts["up"] = {}
            return b"<InitiateMultipartUploadResult><UploadId>up</UploadId></InitiateMultipartUploadResult>"
        parts = self.server.parts.pop(query["uploadId"])
        self.server.counted = len(parts)
        assert body.count(b"<ETag>") == len(parts)
        if self.server.fails_late:
            return b"<Error><Code>InternalError</Code><Message>Try again.</Message></Error>"
        self.server.objects[path] = b"".join(parts[number] for number in sorted(parts))
        return b""

    def _get(self, path: str, query: dict[str, str], body: bytes) -> bytes:
        return self.server.objects[path]

    def _delete(self, path: str, query: dict[str, str], body: bytes) -> bytes:
        self.server.parts.pop(query.get("uploadId", ""), None)
        self.server.objects.pop(path, None)
        return b""

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"tag"')
        self.end_headers()
        if not self.server.trickles:
            self.wfile.write(body[: len(body) - self.server.lacks])
            return
        with suppress(OSError):  # whoever asks has gone
            for octet in body:
                self.wfile.write(bytes([octet]))
                self.server.hurry.wait(0.05)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as found:
        threading.Thread(target=found.serve_forever, args=(0.02,), daemon=True).start()
        yield found
        found.shutdown()


@pytest.fixture
def bucket(server: Server) -> Bucket:
    return Bucket(f"http://127.0.0.1:{server.server_address[1]}/bucket/a folder?region={REGION}", KEY, SECRET)


@pytest.mark.parametrize("part", [10, 1 << 20], ids=["in parts", "at once"])
def test_a_file_is_put_got_and_deleted(bucket, server, tmp_path: Path, monkeypatch, part):
    monkeypatch.setattr(s3, "PART", part)
    (tmp_path / "one").write_bytes(b"0123456789" * 3 + b"ab")
    bucket.put(tmp_path / "one", "gatepost-n-1.backup")
    assert server.objects == {"/bucket/a%20folder/gatepost-n-1.backup": (tmp_path / "one").read_bytes()}
    assert got(bucket, "gatepost-n-1.backup", 32) == (tmp_path / "one").read_bytes()
    assert got(bucket, "gatepost-n-1.backup", 5) == b"01234", "no more is taken than was put"
    bucket.delete("gatepost-n-1.backup")
    assert not server.objects and not server.parts
    with pytest.raises(FileNotFoundError, match="answers 404 NoSuchKey"):
        got(bucket, "gatepost-n-1.backup", 32)


def test_a_large_file_takes_no_more_parts_than_an_object_may_have(bucket, server, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(s3, "PART", 1)
    monkeypatch.setattr(s3, "MOST_PARTS", 3)
    (tmp_path / "one").write_bytes(b"0123456")
    bucket.put(tmp_path / "one", "x")
    assert server.counted == 3 and server.objects["/bucket/a%20folder/x"] == b"0123456"


def test_an_answer_that_comes_octet_by_octet_is_given_up_in_time(bucket, server, monkeypatch):
    """Each octet comes before any time-out of a socket; and one that ends early is not taken for all of it."""
    monkeypatch.setattr(s3.bounds, "BUCKET_ANSWER", msgspec.structs.replace(bounds.BUCKET_ANSWER, seconds=0.2))
    server.objects["/bucket/a%20folder/x"] = b"x" * 1000
    server.trickles = True
    with pytest.raises(NoBucket, match="it took too long"):
        got(bucket, "x", 1000)
    server.trickles, server.lacks = False, 3
    with pytest.raises(NoBucket, match="its answer ended too soon"):
        got(bucket, "x", 1000)


def got(bucket: Bucket, name: str, octets: int) -> bytes:
    file = io.BytesIO()
    bucket.get(name, file, octets)
    return file.getvalue()


def test_another_secret_is_refused_in_the_words_of_the_server(bucket, tmp_path: Path):
    (tmp_path / "one").touch()
    with pytest.raises(NoBucket, match="answers 403 SignatureDoesNotMatch No"):
        bucket._replace(secret="another").put(tmp_path / "one", "x")


def test_an_upload_that_fails_leaves_nothing(bucket, server, tmp_path: Path, monkeypatch):
    """And an answer that does not end is not read to its end (bounds.BUCKET_ANSWER)."""
    monkeypatch.setattr(s3, "PART", 10)
    (tmp_path / "one").write_bytes(b"x" * 25)
    monkeypatch.setattr(Bucket, "_tag", lambda *_: (_ for _ in ()).throw(NoBucket("away")))
    with pytest.raises(NoBucket):
        bucket.put(tmp_path / "one", "x")
    assert not server.objects and not server.parts
    server.full = True
    with pytest.raises(NoBucket, match="answers 507"):
        bucket.put(tmp_path / "one", "x")


def test_a_bucket_that_is_busy_for_a_moment_is_asked_again(bucket, server, tmp_path: Path, monkeypatch):
    """One answer of 503 among a thousand parts is no failed backup; one that stays so is."""
    monkeypatch.setattr(s3, "PART", 10)
    monkeypatch.setattr(s3, "PAUSES", (0, 0))
    (tmp_path / "one").write_bytes(b"x" * 25)
    server.busy = 2
    bucket.put(tmp_path / "one", "x")
    server.busy = 1
    assert got(bucket, "x", 25) == b"x" * 25
    server.busy = 100
    with pytest.raises(NoBucket, match="answers 503 SlowDown"):
        bucket.put(tmp_path / "one", "x")


def test_an_error_that_comes_behind_a_200_is_one(bucket, server, tmp_path: Path, monkeypatch):
    """As Amazon S3 documents it for CompleteMultipartUpload."""
    monkeypatch.setattr(s3, "PART", 10)
    (tmp_path / "one").write_bytes(b"x" * 25)
    server.fails_late = True
    with pytest.raises(NoBucket, match=r"answers InternalError Try again\."):
        bucket.put(tmp_path / "one", "x")
    assert not server.objects


def test_what_failed_first_is_told_where_the_parts_cannot_be_removed(bucket, server, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(s3, "PART", 10)
    monkeypatch.setattr(Handler, "_delete", lambda *_: None)
    (tmp_path / "one").write_bytes(b"x" * 25)
    monkeypatch.setattr(Bucket, "_tag", lambda *_: (_ for _ in ()).throw(NoBucket("away")))
    with pytest.raises(NoBucket, match="away"):
        bucket.put(tmp_path / "one", "x")


def test_a_server_that_is_away_is_said_to_be(tmp_path: Path):
    (tmp_path / "one").touch()
    with pytest.raises(NoBucket, match=r"127\.0\.0\.1:9: .*refused"):
        Bucket("http://127.0.0.1:9/b", KEY, SECRET).put(tmp_path / "one", "x")


@pytest.mark.parametrize(
    ("query", "signature"),
    [
        ("lifecycle=", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_a_request_is_signed_as_amazon_documents_it(query, signature, monkeypatch):
    """Signature Calculations for the Authorization Header: GET Bucket Lifecycle, Get Bucket (List Objects)."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls(2013, 5, 24, tzinfo=tz)

    monkeypatch.setattr(s3, "datetime", Then)
    host = "examplebucket.s3.amazonaws.com"
    bucket = Bucket(f"https://{host}", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    assert bucket._signed("GET", host, "/", query, b"")["authorization"].endswith(f"Signature={signature}")


@pytest.mark.parametrize(
    ("url", "region"),
    [("https://s3.eu-central-1.amazonaws.com/b", "eu-central-1"), ("https://minio.test/b", "us-east-1"),
     ("https://minio.test/b?region=here", "here")],
)  # fmt: skip
def test_the_region_is_that_of_the_address(url, region):
    assert Bucket(url, "", "")._region == region
