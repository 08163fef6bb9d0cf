"""Octets as text, by the label that came with them, the way every mail client reads them.

A label means its superset, as in the WHATWG Encoding Standard (https://encoding.spec.whatwg.org/#names-and-labels):
who writes `iso-8859-1` sends windows-1252. Without a label, or with an unknown one, it is UTF-8 where it can be.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

GUESSED = "cp1252"

_LABELS = {
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 utf8mb4 x-unicode20utf8",
    "cp866": "866 cp866 csibm866 ibm866",
    "iso8859-2": "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2",
    "iso8859-3": "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3",
    "iso8859-4": "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4",
    "iso8859-5": "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988",
    "iso8859-6": "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e "
    "iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987",
    "iso8859-7": "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 "
    "iso_8859-7:1987 sun_eu_greek",
    "iso8859-8": "csiso88598e csiso88598i csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-8859-8-i iso-ir-138 "
    "iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 logical visual",
    "iso8859-10": "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6",
    "iso8859-13": "iso-8859-13 iso8859-13 iso885913",
    "iso8859-14": "iso-8859-14 iso8859-14 iso885914",
    "iso8859-15": "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 latin-9 latin9",
    "iso8859-16": "iso-8859-16",
    "koi8-r": "cskoi8r koi koi8 koi8-r koi8_r",
    "koi8-u": "koi8-ru koi8-u",
    "mac-roman": "csmacintosh mac macintosh x-mac-roman",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "cp874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
    "cp1250": "cp1250 windows-1250 x-cp1250",
    "cp1251": "cp1251 windows-1251 x-cp1251",
    "cp1252": "cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 "
    "iso_8859-1:1987 l1 latin1 windows-1252 x-cp1252",
    "cp1253": "cp1253 windows-1253 x-cp1253",
    "cp1254": "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 "
    "windows-1254 x-cp1254",
    "cp1255": "cp1255 windows-1255 x-cp1255",
    "cp1256": "cp1256 windows-1256 x-cp1256",
    "cp1257": "cp1257 windows-1257 x-cp1257",
    "cp1258": "cp1258 windows-1258 x-cp1258",
    "gb18030": "chinese cp936 csgb2312 csiso58gb231280 euc-cn gb18030 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 ms936 "
    "windows-936 x-gbk",
    "hz": "hz hz-gb-2312",
    "big5": "big5 big5-eten big5-hkscs cn-big5 csbig5 cp950 ms950 windows-950 x-x-big5",
    "euc-jp": "cseucpkdfmtjapanese euc-jp x-euc x-euc-jp",
    "iso-2022-jp": "csiso2022jp iso-2022-jp iso-2022-jp-1 iso-2022-jp-ms cp50220 cp50221",
    "cp932": "cp932 cp943 csshiftjis csshift_jis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-ms-cp932 x-sjis",
    "cp949": "cp949 cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601 ks_c_5601-1987 ks_c_5601-1989 ksc5601 "
    "ksc_5601 ms949 uhc windows-949 x-windows-949",
    "iso2022-kr": "csiso2022kr iso-2022-kr",
    "utf-16-be": "unicodefffe utf-16be",
    "utf-16-le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
}  # fmt: skip


def _bare(label: str) -> str:
    """A label without what people put in or leave out: `ISO_8859_1`, `8859-1`, `cp-850`, `win1251`."""
    name = re.sub(r"[^a-z0-9]", "", label.lower())
    return re.sub(r"^win(?=\d)", "windows", re.sub(r"^8859", "iso8859", name))


_CODECS = {_bare(label): codec for codec, labels in _LABELS.items() for label in labels.split()}

# Says nothing about the octets above 127 that are there all the same.
_UNLABELLED = frozenset(
    {"usascii", "ascii", "ansix341968", "ansix341986", "isoir6", "iso646us", "us", "default", "none"}
    | {"7bit", "8bit", "binary", "unknown", "unknown8bit", "xunknown", "xuserdefined"}
)
# UTF-7 hides markup from who checks the octets; the others are no charsets of a text.
_REFUSED = frozenset({"utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LABEL = re.compile(r"[a-z0-9][a-z0-9._:+-]{0,60}")


def decoded(octets: bytes, label: str = "") -> str:
    """The text; what the charset does not have becomes U+FFFD. A byte order mark is stronger than any label."""
    for mark, codec in _MARKS:
        if octets.startswith(mark):
            return octets[len(mark) :].decode(codec, "replace")
    codec = codec_of(label)
    return _by_codec(octets, codec) if codec else guessed(octets)


def guessed(octets: bytes) -> str:
    """Text that nobody has labelled: UTF-8 where it is valid, otherwise windows-1252. The escape sequences of
    ISO-2022-JP (RFC 1468) label themselves."""
    if b"\x1b$B" in octets or b"\x1b$@" in octets:
        return _by_codec(octets, "iso-2022-jp")
    with suppress(UnicodeDecodeError):
        return octets.decode("utf-8")
    return octets.decode(GUESSED, "replace")


def codec_of(label: str) -> str:
    """The codec that a label means, "" for none."""
    found = _LABEL.search(label.lower())
    name = _bare(found[0]) if found else ""
    if not name or name in _UNLABELLED:
        return ""
    return _CODECS.get(name) or _codec_of_python(name)


def _codec_of_python(name: str) -> str:
    """What else Python knows: above all the code pages of DOS, `ibm850` and `csibm850` among them."""
    for each in (name, re.sub(r"^[a-z]+(?=\d{3,4}$)", "cp", name)):
        with suppress(LookupError, ValueError):
            found = codecs.lookup(each)
            if found._is_text_encoding and found.name not in _REFUSED:
                return _CODECS.get(_bare(found.name), found.name)
    return ""


def _by_codec(octets: bytes, codec: str) -> str:
    match codec:
        case "big5":
            return _first_that_fits(octets, "big5hkscs", "cp950")
        case "euc-jp":
            return octets.decode(codec, "replace") if b"\x8f" in octets else _japanese(_EUC.sub(_shifted_pair, octets))
        case "iso-2022-jp":
            return "".join(
                _japanese_run(each[1] or b"", each[2] if each[1] else each[0]) for each in _RUN.finditer(octets)
            )
        case _:
            with suppress(LookupError, ValueError):
                return octets.decode(codec, "replace")
            return guessed(octets)


def _first_that_fits(octets: bytes, *codecs: str) -> str:
    for codec in codecs:
        with suppress(UnicodeDecodeError):
            return octets.decode(codec)
    return octets.decode(codecs[0], "replace")


# Japanese mail has the characters of NEC and IBM (circled figures, ㈱) that Python's euc_jp and iso2022_jp lack; its
# cp932 has them, so the pairs of JIS X 0208 are moved to where Shift_JIS has them.
_EUC = re.compile(rb"[\xa1-\xfe]{2}|\x8e([\xa1-\xdf])")
_RUN = re.compile(rb"\x1b(\([BJIH]|\$[@B]|\$\([@BD])([^\x1b]*)|\x1b?[^\x1b]*")
_PAIR = re.compile(rb"[!-~]{2}")


def _japanese(shifted: bytes) -> str:
    return shifted.decode("cp932", "replace")


def _japanese_run(escape: bytes, octets: bytes) -> str:
    """A run of ISO-2022-JP after its escape sequence (RFC 1468, RFC 2237; JIS X 0201 as in CP50221)."""
    if escape in (b"$@", b"$B", b"$(@", b"$(B"):
        return _japanese(_PAIR.sub(_shifted_pair, octets))
    if escape == b"$(D":
        return _PAIR.sub(lambda pair: b"\x8f" + _high(pair[0]), octets).decode("euc_jp", "replace")
    return _japanese(_high(octets) if escape == b"(I" else octets)


def _high(octets: bytes) -> bytes:
    return bytes(octet | 0x80 if 0x21 <= octet <= 0x7E else octet for octet in octets)


def _shifted_pair(found: re.Match[bytes]) -> bytes:
    if found[0][0] == 0x8E:
        return found[0][1:]
    first, second = found[0][0] & 0x7F, found[0][1] & 0x7F
    lead = (first - 0x21) // 2 + (0x81 if first < 0x5F else 0xC1)
    if first % 2:
        return bytes((lead, second + (0x1F if second < 0x60 else 0x20)))
    return bytes((lead, second + 0x7E))
