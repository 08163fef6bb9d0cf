"""A bucket with the interface of Amazon S3: files put, got and deleted over HTTPS, each request signed by Signature
Version 4. The few requests that a backup takes weigh less than a library that knows all of them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

from transport.config import bounds

PART = 64 << 20
PIECE = 1 << 20
HOSTS = re.compile(r"s3[.-]([a-z0-9-]+)\.amazonaws\.com")


class NoBucket(OSError):
    """What the server said, or that it did not answer."""


class Bucket(NamedTuple):
    """`https://host/bucket/folder?region=eu-central-1`; without a region it is taken from Amazon's host names."""

    url: str
    access_key: str
    secret: str

    def put(self, path: Path, name: str) -> None:
        """The file as an object, whole or not at all. Raises NoBucket, OSError."""
        with path.open("rb") as file:
            if path.stat().st_size <= PART:
                self._ask("PUT", name, {}, file.read())
                return
            upload = _between(self._ask("POST", name, {"uploads": ""}), "UploadId")
            try:
                tags: list[str] = []
                while piece := file.read(PART):
                    query = {"partNumber": str(len(tags) + 1), "uploadId": upload}
                    tags.append(self._tag(name, query, piece))
                said = self._ask("POST", name, {"uploadId": upload}, _completed(tags))
                if "<Error>" in said:  # also behind a status of 200, which comes before the parts are put together
                    raise NoBucket(f"{urlsplit(self.url).netloc} answers {_error(said)}"[:300])
            except BaseException:
                with suppress(NoBucket):  # what failed first is what is told
                    self._ask("DELETE", name, {"uploadId": upload})
                raise

    def get(self, name: str, path: Path) -> None:
        """The object as a file. Raises NoBucket, OSError."""
        with self._asked("GET", name, {}, b"") as answer, path.open("xb") as file:
            while piece := answer.read(PIECE):
                file.write(piece)

    def delete(self, name: str) -> None:
        """Raises NoBucket."""
        self._ask("DELETE", name, {})

    def _tag(self, name: str, query: Mapping[str, str], body: bytes) -> str:
        with self._asked("PUT", name, query, body) as answer:
            return answer.headers.get("ETag", "")

    def _ask(self, method: str, name: str, query: Mapping[str, str], body: bytes = b"") -> str:
        with self._asked(method, name, query, body) as answer:
            return answer.read(bounds.BUCKET_ANSWER.octets).decode(errors="replace")

    @contextmanager
    def _asked(self, method: str, name: str, query: Mapping[str, str], body: bytes) -> Iterator[HTTPResponse]:
        where = urlsplit(self.url)
        kind = HTTPSConnection if where.scheme == "https" else HTTPConnection
        connection = kind(where.hostname or "", where.port, timeout=bounds.BUCKET_ANSWER.seconds)
        try:
            path = quote(f"{where.path.rstrip('/')}/{name}")
            text = "&".join(f"{quote(key, safe='')}={quote(query[key], safe='')}" for key in sorted(query))
            headers = self._signed(method, where.netloc, path, text, body)
            connection.request(method, f"{path}?{text}" if text else path, body, headers)
            with connection.getresponse() as answer:
                if answer.status >= 300:
                    raise NoBucket(_refusal(where.netloc, answer))
                yield answer
        except (OSError, HTTPException) as error:
            raise error if isinstance(error, NoBucket) else NoBucket(f"{where.netloc}: {error}") from error
        finally:
            connection.close()

    def _signed(self, method: str, host: str, path: str, query: str, body: bytes) -> dict[str, str]:
        now = datetime.now(UTC)
        day, stamp = f"{now:%Y%m%d}", f"{now:%Y%m%dT%H%M%SZ}"
        digest = hashlib.sha256(body).hexdigest()
        headers = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": stamp}
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


def _refusal(host: str, answer: HTTPResponse) -> str:
    said = answer.read(bounds.BUCKET_ANSWER.octets).decode(errors="replace")
    return f"{host} answers {answer.status} {_error(said) or answer.reason}"[:300]


def _error(said: str) -> str:
    return " ".join(filter(None, (_between(said, "Code"), _between(said, "Message"))))


def _between(text: str, tag: str) -> str:
    """What one tag holds, of the few answers that are read: they are flat."""
    found = re.search(rf"<{tag}>([^<]*)</{tag}>", text)
    return found[1] if found else ""


def _completed(tags: list[str]) -> bytes:
    parts = (f"<Part><PartNumber>{n}</PartNumber><ETag>{tag}</ETag></Part>" for n, tag in enumerate(tags, 1))
    return f"<CompleteMultipartUpload>{''.join(parts)}</CompleteMultipartUpload>".encode()
