"""`[IO.File]`, `[IO.Path]` and `[Text.Encoding]`: files by the host's rules, paths as texts."""

from __future__ import annotations

import re
from collections.abc import Callable

from console.management_shell.language import types
from console.management_shell.language.cmdlet import Host
from console.management_shell.language.files import decoded, encoding_named
from console.management_shell.language.method import Method, Methods, pure
from console.management_shell.language.values import Record, entries, joined, text

NEW_LINE = "\r\n"


def _file_text(host: Host, path: object, encoding: object = None) -> str:
    name = encoding.get("Name") if isinstance(encoding, Record) else None
    return decoded(host.read_file(text(path)), text(name) or None)


def _write_text(append: bool) -> Callable[[Host, object, object, object], None]:
    def write(host: Host, path: object, content: object, encoding: object = None) -> None:
        name = encoding.get("Name") if isinstance(encoding, Record) else "utf-8"
        written = joined(NEW_LINE, map(text, entries(content))) if isinstance(content, list) else text(content)
        host.write_file(text(path), written.encode(text(name), "replace"), append)

    return write


def _write_bytes(host: Host, path: object, content: object) -> None:
    host.write_file(text(path), types.convert("byte[]", content))


def _file_name(path: object) -> str:
    return re.split(r"[\\/]", text(path))[-1]


def _folder(path: object) -> str:
    return re.sub(r"[\\/]?[^\\/]*$", "", text(path))


def _combined(*parts: object) -> str:
    found = ""
    for part in map(text, parts):
        found = part if not found or re.match(r"[\\/]|[A-Za-z]:", part) else found.rstrip("\\/") + _sign(found) + part
    return found


def _sign(path: str) -> str:
    return "\\" if "\\" in path else "/"


def _extension(path: object) -> str:
    name = _file_name(path)
    return name[name.rindex(".") :] if "." in name else ""


def encoding(name: object) -> Record:
    return Record("Encoding", {"Name": encoding_named(text(name))}, name=text(name))


FILES: dict[str, Methods] = {
    "encoding": {"GetEncoding": pure(encoding, 1), "new": pure(lambda *flags: encoding("utf8"), 0, 2)},
    "file": {
        "ReadAllBytes": Method(lambda host, path: host.read_file(text(path)), 1),
        "ReadAllText": Method(_file_text, 1, 2),
        "ReadAllLines": Method(lambda host, path, encoding=None: _file_text(host, path, encoding).splitlines(), 1, 2),
        "WriteAllText": Method(_write_text(False), 2, 3),
        "WriteAllLines": Method(_write_text(False), 2, 3),
        "AppendAllText": Method(_write_text(True), 2, 3),
        "WriteAllBytes": Method(_write_bytes, 2),
        "Exists": Method(lambda host, path: host.has_file(text(path)), 1),
    },
    "path": {
        "Combine": pure(_combined, 2, 4),
        "GetFileName": pure(_file_name, 1),
        "GetExtension": pure(_extension, 1),
        "GetFileNameWithoutExtension": pure(lambda path: _file_name(path).removesuffix(_extension(path)), 1),
        "GetDirectoryName": pure(_folder, 1),
    },
}
