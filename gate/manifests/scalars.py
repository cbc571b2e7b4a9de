"""Scalars as Kubernetes reads them.

The source is sigs.k8s.io/yaml 1.6.0 over go.yaml.in/yaml/v2 (`resolve.go`, `decode.go`), and how
Go writes numbers into JSON. It is YAML 1.1 for booleans, Go's syntax for numbers, and text for
dates and base 60.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from typing import Any

from gate.manifests.limits import ReadingError

_PREFIX = "tag:yaml.org,2002:"
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE"), True),
    **dict.fromkeys(("on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE"), False),
    **dict.fromkeys(("off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_NUMERIC = frozenset("+-0123456789")
HINTS = frozenset("+-0123456789.~yYnNtTfFoO") | {""}
"""The first characters of a plain scalar that may be something else than text."""

_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_BASED = re.compile(r"([-+]?)0(?:[xX]([0-9a-fA-F]+)|[bB]([01]+)|[oO]?([0-7]+))")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_POINT_FLOAT = re.compile(r"\.[0-9]++(?:_[0-9]++)*+(?:[eE][-+]?[0-9]++(?:_[0-9]++)*+)?")
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]")
_LONGEST_DECIMAL = len("-18446744073709551615")
_MIN_INT, _MAX_INT, _MAX_UNSIGNED = -(2**63), 2**63 - 1, 2**64 - 1


def plain(text: str) -> Any:
    """The value of a scalar without quotes and tag, before it goes into JSON.

    Integers are exact, floats may be infinite or not a number: see `json_number`.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[:1] in _NUMERIC:
        return _number(text)
    if text[:1] == "." and _POINT_FLOAT.fullmatch(text):
        return _finite(text.replace("_", ""), text)
    return text


def _number(text: str) -> Any:
    digits = text.replace("_", "")
    integer = _integer(digits)
    if integer is not None:
        return integer
    if _FLOAT.fullmatch(digits):
        return _finite(digits, text)
    return text


def _integer(digits: str) -> int | None:
    """What Go's ParseInt and then ParseUint give with base 0; None where both refuse."""
    if _DECIMAL.fullmatch(digits):
        if len(digits) > _LONGEST_DECIMAL:
            return None
        value = int(digits)
    else:
        based = _BASED.fullmatch(digits)
        if based is None:
            return None
        sign, hexadecimal, binary, octal = based.groups()
        value = int(hexadecimal or binary or octal, 16 if hexadecimal else 2 if binary else 8)
        value = -value if sign == "-" else value
    highest = _MAX_INT if digits[0] in "+-" else _MAX_UNSIGNED
    return value if _MIN_INT <= value <= highest else None


def _finite(digits: str, text: str) -> float | str:
    """A float; the text itself where the number is too large for one."""
    value = float(digits)
    return text if math.isinf(value) else value


def json_number(value: Any) -> Any:
    """A number as it is after its way through JSON: a whole one is an integer where 64 bits with
    a sign hold it, else a float. Raises `ReadingError` for infinity and not-a-number."""
    if type(value) is int:
        return value if _MIN_INT <= value <= _MAX_INT else float(value)
    if type(value) is float:
        if not math.isfinite(value):
            raise ReadingError("a value that is .inf or .nan, which Kubernetes refuses")
        if value.is_integer() and _MIN_INT <= value <= _MAX_INT:
            return int(value)
    return value


def tagged(tag: str, text: str) -> Any:
    """The value of a scalar with a tag, such as `!!int 5` or `!Ref x`, before it goes into JSON.

    A tag that is not YAML's own leaves the text as it is. Raises `ReadingError` where the text does
    not fit the tag.
    """
    name = tag.removeprefix(_PREFIX)
    if name == tag or name not in {"bool", "int", "float", "null", "binary"}:
        return text
    if name == "binary":
        return _binary(text)
    value = plain(text)
    kind = _tag_of(value)
    if name == "float" and kind == "int":
        return float(value)
    if name != kind:
        raise ReadingError(f"a value tagged !!{name} that is none")
    return value


def _tag_of(value: Any) -> str:
    if value is None:
        return "null"
    return type(value).__name__


def _binary(text: str) -> str:
    try:
        data = base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ReadingError("a value tagged !!binary that is not base64") from error
    return _ESCAPED_BYTE.sub("\ufffd", data.decode("utf-8", "surrogateescape"))


def key_text(value: Any) -> str:
    """The text of a mapping's key. Raises `ReadingError` for one that Kubernetes refuses."""
    if type(value) is str:
        return value
    if type(value) in {dict, list}:
        raise ReadingError("a key that is a mapping or a list")
    if value is None:
        raise ReadingError("a key that is null, which Kubernetes refuses")
    if type(value) is float:
        return _float_key(value)
    if type(value) is bool:
        return "true" if value else "false"
    if value > _MAX_INT:
        raise ReadingError("a key that is a number of more than 63 bits")
    return str(value)


def _float_key(value: float) -> str:
    """A float as Go's FormatFloat(value, 'g', -1, 32) writes it."""
    try:
        single = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        single = math.copysign(math.inf, value)
    if math.isnan(single):
        return ".nan"
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    return _shortest(single)


def _shortest(single: float) -> str:
    digits, exponent = "0", 0
    for precision in range(9):
        mantissa, _, power = f"{abs(single):.{precision}e}".partition("e")
        digits, exponent = mantissa.replace(".", "").rstrip("0") or "0", int(power)
        if struct.unpack("f", struct.pack("f", float(f"{mantissa}e{power}")))[0] == abs(single):
            break
    sign = "-" if math.copysign(1, single) < 0 else ""
    if not -4 <= exponent < 6:
        return f"{sign}{_pointed(digits, 1)}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    return sign + _pointed(digits.ljust(exponent + 1, "0"), exponent + 1)


def _pointed(digits: str, whole: int) -> str:
    return digits if len(digits) <= whole else f"{digits[:whole]}.{digits[whole:]}"
