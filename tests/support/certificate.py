"""A self-signed certificate of the tests' own, written out as X.509 says (RFC 5280, RFC 8017)."""

import base64
import hashlib
import math
import random
from pathlib import Path

_RSA, _SHA256_RSA, _SHA256 = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11", "2.16.840.1.101.3.4.2.1"
_NAME, _ALTERNATIVE, _BASIC = "2.5.4.3", "2.5.29.17", "2.5.29.19"
_E = 65537
_BITS = 2048


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, *parts)


def _number(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = bytearray([first * 40 + second])
    for arc in rest:
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        content += bytes(reversed(septets))
    return _der(0x06, bytes(content))


def _prime(bits: int, source: random.Random) -> int:
    while True:
        candidate = source.getrandbits(bits) | (0b11 << (bits - 2)) | 1
        if all(candidate % small for small in (3, 5, 7, 11, 13, 17)) and _is_prime(candidate, source):
            return candidate


def _is_prime(n: int, source: random.Random) -> bool:
    twos = (n - 1 & 1 - n).bit_length() - 1
    for _ in range(20):
        x = pow(source.randrange(2, n - 1), (n - 1) >> twos, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            if (x := x * x % n) == n - 1:
                break
        else:
            return False
    return True


def write_certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """Write a certificate that is good for ``host`` alone, and its key; return where they are."""
    source = random.Random(1)
    p, q = _prime(_BITS // 2, source), _prime(_BITS // 2, source)
    n, d = p * q, pow(_E, -1, math.lcm(p - 1, q - 1))
    numbers = (0, n, _E, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
    signed = _signed_part(host, _sequence(_number(n), _number(_E)))
    algorithm = _sequence(_oid(_SHA256_RSA), _der(0x05))
    certificate = _sequence(signed, algorithm, _der(0x03, b"\0", _signature(signed, n, d)))
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_text(_pem("CERTIFICATE", certificate))
    files[1].write_text(_pem("RSA PRIVATE KEY", _sequence(*map(_number, numbers))))
    return files


def _signed_part(host: str, key: bytes) -> bytes:
    name = _sequence(_der(0x31, _sequence(_oid(_NAME), _der(0x0C, host.encode()))))
    usable = _sequence(_der(0x17, b"200101000000Z"), _der(0x17, b"491231235959Z"))
    alternative = _der(0x04, _sequence(_der(0x82, host.encode())))
    authority = _der(0x04, _sequence(_der(0x01, b"\xff")))
    extensions = _sequence(
        _sequence(_oid(_BASIC), _der(0x01, b"\xff"), authority), _sequence(_oid(_ALTERNATIVE), alternative)
    )
    return _sequence(
        _der(0xA0, _number(2)),
        _number(1),
        _sequence(_oid(_SHA256_RSA), _der(0x05)),
        *(name, usable, name),
        _sequence(_sequence(_oid(_RSA), _der(0x05)), _der(0x03, b"\0", key)),
        _der(0xA3, extensions),
    )


def _signature(content: bytes, n: int, d: int) -> bytes:
    digest = _der(0x04, hashlib.sha256(content).digest())
    info = _sequence(_sequence(_oid(_SHA256), _der(0x05)), digest)
    size = _BITS // 8
    padded = b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info
    return pow(int.from_bytes(padded, "big"), d, n).to_bytes(size, "big")


def _pem(what: str, content: bytes) -> str:
    text = base64.encodebytes(content).decode()
    return f"-----BEGIN {what}-----\n{text}-----END {what}-----\n"
