"""A bucket with the interface of Amazon S3: files put, got and deleted over HTTPS, each request signed by Signature
Version 4. The few requests that a backup takes weigh less than a library that knows all of them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from errno import ENOENT
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from time import monotonic, sleep
from typing import BinaryIO, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

from transport.config import bounds
from transport.deliver.https import shut_after

PART = 64 << 20
PIECE = 1 << 20
MOST_PARTS = 10_000
"""Of one object (Amazon S3, multipart upload limits)."""
SLOWEST = 64 << 10
"""Octets a second, on the whole: what goes or comes more slowly is given up."""
BUSY = (429, 500, 502, 503, 504)
"""Of many requests a few are answered so, and right the next time (Amazon S3, error responses)."""
PAUSES = (1.0, 4.0, 15.0)
"""Seconds until a request is made again that was answered so."""
HOSTS = re.compile(r"s3[.-](?:dualstack\.)?([a-z0-9-]+)\.amazonaws\.com")


class NoBucket(OSError):
    """What the server said, or that it did not answer."""


class Busy(NoBucket):
    """It says so itself, and wants to be asked again soon."""


class Bucket(NamedTuple):
    """`https://host/bucket/folder?region=eu-central-1`; without a region it is taken from Amazon's host names."""

    url: str
    access_key: str
    secret: str

    def put(self, path: Path, name: str) -> None:
        """The file as an object, whole or not at all. Raises NoBucket, OSError."""
        size = path.stat().st_size
        part = max(PART, -(-size // MOST_PARTS))
        with path.open("rb") as file:
            if size <= PART:
                self._ask("PUT", name, {}, file.read())
                return
            upload = _between(self._ask("POST", name, {"uploads": ""}), "UploadId")
            try:
                tags: list[str] = []
                while piece := file.read(part):
                    query = {"partNumber": str(len(tags) + 1), "uploadId": upload}
                    tags.append(self._tag(name, query, piece))
                said = self._ask("POST", name, {"uploadId": upload}, _completed(tags), size)
                if "<Error>" in said:  # also behind a status of 200, which comes before the parts are put together
                    raise NoBucket(f"{urlsplit(self.url).netloc} answers {_error(said)}"[:300])
            except BaseException:
                with suppress(NoBucket):  # what failed first is what is told
                    self._ask("DELETE", name, {"uploadId": upload})
                raise

    def get(self, name: str, file: BinaryIO, octets: int) -> None:
        """Into a file what the object holds, of which so many octets were put. FileNotFoundError where the bucket has
        no such object; raises NoBucket, OSError.
        """
        left = octets
        with self._asked("GET", name, {}, b"", octets) as answer:
            while piece := answer.read(min(PIECE, left)):
                left -= file.write(piece)

    def delete(self, name: str) -> None:
        """Raises NoBucket."""
        self._ask("DELETE", name, {})

    def _tag(self, name: str, query: Mapping[str, str], body: bytes) -> str:
        with self._asked("PUT", name, query, body) as answer:
            return answer.response.headers.get("ETag", "")

    def _ask(self, method: str, name: str, query: Mapping[str, str], body: bytes = b"", octets: int = 0) -> str:
        with self._asked(method, name, query, body, octets) as answer:
            return answer.text()

    @contextmanager
    def _asked(
        self, method: str, name: str, query: Mapping[str, str], body: bytes, octets: int = 0
    ) -> Iterator[_Answer]:
        """`octets`: how many beside the body are moved, here or there, until the answer is complete."""
        with ExitStack() as stack:
            for pause in (*PAUSES, None):
                try:
                    answer = stack.enter_context(self._asked_once(method, name, query, body, octets))
                    break
                except Busy:
                    if pause is None:
                        raise
                    sleep(pause)
            yield answer

    @contextmanager
    def _asked_once(
        self, method: str, name: str, query: Mapping[str, str], body: bytes, octets: int
    ) -> Iterator[_Answer]:
        where = urlsplit(self.url)
        kind = HTTPSConnection if where.scheme == "https" else HTTPConnection
        patience = bounds.BUCKET_ANSWER.seconds or 0
        until = monotonic() + patience + (len(body) + octets) / SLOWEST
        connection = kind(where.hostname or "", where.port, timeout=patience)
        path = quote(f"{where.path.rstrip('/')}/{name}")
        text = "&".join(f"{quote(key, safe='')}={quote(query[key], safe='')}" for key in sorted(query))
        headers = self._signed(method, where.netloc, path, text, body)
        try:
            with _words_for(where.netloc, until):
                connection.connect()
            with shut_after(until - monotonic(), connection.sock):
                with _words_for(where.netloc, until):
                    with suppress(BrokenPipeError, ConnectionResetError):  # who refuses it does not read it to its end
                        connection.request(method, f"{path}?{text}" if text else path, body, headers)
                    answer = _Answer(where.netloc, until, connection.getresponse())
                with answer.response:
                    answer.require_success(name)
                    yield answer
        finally:
            connection.close()

    def _signed(self, method: str, host: str, path: str, query: str, body: bytes) -> dict[str, str]:
        now = datetime.now(UTC)
        day, stamp = f"{now:%Y%m%d}", f"{now:%Y%m%dT%H%M%SZ}"
        digest = hashlib.sha256(body).hexdigest()
        headers = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": stamp}
        if body:  # a bucket that keeps objects from being deleted (Object Lock) asks for it
            headers = {"content-md5": b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()} | headers
        names = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        asked = "\n".join((method, path, query, lines, names, digest))
        scope = f"{day}/{self._region}/s3/aws4_request"
        to_sign = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(asked.encode()).hexdigest()))
        key = f"AWS4{self.secret}".encode()
        for part in (day, self._region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
        who = f"Credential={self.access_key}/{scope}"
        signed = f"AWS4-HMAC-SHA256 {who}, SignedHeaders={names}, Signature={signature}"
        return headers | {"authorization": signed}

    @property
    def _region(self) -> str:
        where = urlsplit(self.url)
        found = HOSTS.search(where.hostname or "")
        return parse_qs(where.query).get("region", [found[1] if found else "us-east-1"])[0]


class _Answer(NamedTuple):
    host: str
    until: float
    response: HTTPResponse

    def read(self, octets: int) -> bytes:
        """So many, or all that are left. Raises NoBucket."""
        with _words_for(self.host, self.until):
            piece = self.response.read(octets)
            if len(piece) < octets and self.response.length:
                raise OSError("its answer ended too soon")
            return piece

    def text(self) -> str:
        return self.read(bounds.BUCKET_ANSWER.octets or 0).decode(errors="replace")

    def require_success(self, name: str) -> None:
        """Raises NoBucket in its words, which name another endpoint or region where that is what is amiss; of an
        object that is not there FileNotFoundError.
        """
        if self.response.status < 300:
            return
        said = _error(self.text())
        words = f"{self.host} answers {self.response.status} {said or self.response.reason}"[:300]
        if said.startswith("NoSuchKey"):
            raise FileNotFoundError(ENOENT, words, name)
        raise Busy(words) if self.response.status in BUSY else NoBucket(words)


@contextmanager
def _words_for(host: str, until: float) -> Iterator[None]:
    """What the connection raises, as NoBucket; what the disk raises is none of it."""
    try:
        yield
    except (OSError, HTTPException, ValueError) as error:
        late = monotonic() >= until
        raise NoBucket(f"{host}: {'it took too long' if late else error}"[:300]) from error


def _error(said: str) -> str:
    return " ".join(filter(None, (_between(said, each) for each in ("Code", "Message", "Endpoint", "Region"))))


def _between(text: str, tag: str) -> str:
    """What one tag holds, of the few answers that are read: they are flat."""
    found = re.search(rf"<{tag}>([^<]*)</{tag}>", text)
    return found[1] if found else ""


def _completed(tags: list[str]) -> bytes:
    parts = (f"<Part><PartNumber>{n}</PartNumber><ETag>{tag}</ETag></Part>" for n, tag in enumerate(tags, 1))
    return f"<CompleteMultipartUpload>{''.join(parts)}</CompleteMultipartUpload>".encode()
