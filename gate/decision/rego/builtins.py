"""Builtins of Rego in Python, for the embedded engine: those that regorus lacks or reads otherwise.

Each does what OPA 1.22 does. A value that cannot be told from another on its way here (a set with
both `1` and `true`, a set of lists) and a number that needs more digits than a double has raise an
error, which ends the rule and is shown: nothing is guessed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gate.decision.rego import patterns
from gate.errors import PolicyError

if TYPE_CHECKING:
    from fractions import Fraction

_MANTISSA = 64
"""Bits of the numbers that OPA counts with (Go's big.Float)."""
_EXPONENT = 6
"""From this one on Go's `%v` shows a double with an exponent."""
_DIGITS = 15
"""Decimal digits that a double keeps."""


# Arithmetic


def plus(left: Any, right: Any) -> int | float:
    """`left + right` of numbers."""
    return _counted(_number(left) + _number(right), left, right)


def minus(left: Any, right: Any) -> int | float:
    """`left - right` of numbers."""
    return _counted(_number(left) - _number(right), left, right)


def times(left: Any, right: Any) -> int | float:
    """`left * right` of numbers."""
    return _counted(_number(left) * _number(right), left, right)


def divided(left: Any, right: Any) -> int | float:
    """`left / right` of numbers."""
    below = _number(right)
    if below == 0:
        raise PolicyError("divide by zero")
    return _counted(_number(left) / below, left, right)


def total(numbers: Any) -> int | float:
    """`sum` of a list or set."""
    given = _numbers(numbers)
    found = _number(0)
    for each in given:
        found = found + _number(each) if _all_whole(given) else _rounded(found + _number(each))
    return _counted(found, *given)


def product(numbers: Any) -> int | float:
    """`product` of a list or set. OPA counts decimals here with the digits of a double."""
    from fractions import Fraction

    given = _numbers(numbers)
    found = _number(1)
    for each in given:
        exact = found * _number(each)
        found = exact if _all_whole(given) else Fraction(exact.numerator / exact.denominator)
    return _counted(found, *given)


def _all_whole(given: list[Any]) -> bool:
    return all(isinstance(each, int) for each in given)


def _numbers(given: Any) -> list[Any]:
    if not isinstance(given, (list, set)):
        raise PolicyError("operand must be one of {set, array}")
    if isinstance(given, set) and any(each in (0, 1) for each in given) and len(given) > 1:
        _told_apart(given)
    return sorted(given, key=_number) if isinstance(given, set) else given


def _told_apart(given: set[Any]) -> None:
    if any(isinstance(each, bool) for each in given):
        raise PolicyError("operand must be a set of numbers")


def _number(value: Any) -> Fraction:
    """The number as OPA reads it: an integer exactly, a decimal rounded to its mantissa."""
    from fractions import Fraction

    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise PolicyError("operand must be number")
    if isinstance(value, int):
        return Fraction(value)
    return _rounded(Fraction(repr(value)))


def _rounded(value: Fraction) -> Fraction:
    """To the nearest number with OPA's mantissa, to even where two are as near."""
    from fractions import Fraction

    if value == 0:
        return value
    size = abs(value)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if size < Fraction(2) ** exponent:
        exponent -= 1
    unit = Fraction(2) ** (exponent - _MANTISSA + 1)
    return round(value / unit) * unit


def _counted(exact: Fraction, *operands: int | float) -> int | float:
    """The result as OPA rounds it. An integer of integers is exact."""
    whole = all(isinstance(each, int) for each in operands)
    if whole and exact.denominator == 1:
        return _kept(int(exact))
    if any(isinstance(each, float) and _long(each) for each in operands):
        raise PolicyError(
            "the embedded engine cannot go on counting with a number of so many digits"
        )
    found = _rounded(exact)
    near = found.numerator / found.denominator
    if near.is_integer():
        if found.denominator != 1:
            raise PolicyError("the embedded engine cannot tell this number from an integer")
        return int(near)
    return near


def _kept(value: int) -> int:
    """An integer that the embedded engine takes as it is."""
    if not -(2**63) <= value < 2**64:
        raise PolicyError("the embedded engine does not count with a number of this size")
    return value


def rounded(value: Any) -> int | float:
    """`round`: a half goes away from zero."""
    exact = _number(value)
    return _kept(int(exact + (1 if exact > 0 else -1) * _half()))


def ceiling(value: Any) -> int:
    """`ceil`, which OPA takes from the cut integer: of -0.5 it makes 1."""
    exact = _number(value)
    cut = int(exact)
    return _kept(cut if cut < 0 or cut == exact else cut + 1)


def floored(value: Any) -> int:
    """`floor`, which OPA takes from the cut integer: of -0.5 it makes 0."""
    exact = _number(value)
    cut = int(exact)
    return _kept(cut if cut >= 0 or cut == exact else cut - 1)


def _half() -> Fraction:
    from fractions import Fraction

    return Fraction(1, 2)


def whole(value: Any) -> int:
    """The value, if it is an integer; else an error, as OPA's."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise PolicyError("operand must be integer number")
    return value


def step(value: Any) -> int:
    """The step of `numbers.range_step`."""
    if whole(value) <= 0:
        raise PolicyError("step must be a positive integer")
    return whole(value)


def _bits(work: Callable[[int, int], int]) -> Callable[[Any, Any], int]:
    def done(left: Any, right: Any) -> int:
        return _kept(work(whole(left), whole(right)))

    return done


def _shifted(left: int, right: int) -> int:
    if right < 0:
        raise PolicyError("operand 2 must be an unsigned integer")
    if right > 128:
        raise PolicyError("the embedded engine does not count with a number of this size")
    return left << right


def _shifted_back(left: int, right: int) -> int:
    if right < 0:
        raise PolicyError("operand 2 must be an unsigned integer")
    return left >> right


def negated(value: Any) -> int:
    """`bits.negate`."""
    return _kept(~whole(value))


def format_int(value: Any, base: Any) -> str:
    """`format_int`: a decimal is cut."""
    letter = {2: "b", 8: "o", 10: "d", 16: "x"}.get(base) if isinstance(base, int) else None
    if letter is None or isinstance(base, bool):
        raise PolicyError("operand 2 must be one of {2, 8, 10, 16}")
    cut = int(_number(value))
    if cut == 0 and value < 0:
        raise PolicyError("the embedded engine does not write a number that is cut to -0")
    return format(cut, letter)


def numeric(value: Any) -> Any:
    """What `to_number` may read: a text only if all read it as the same number."""
    if isinstance(value, str) and not _READABLE.match(value):
        raise PolicyError(f"`{value[:40]}` is not read as a number")
    return value


_READABLE = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.(?:0|\d{0,2}[1-9]))?$", re.ASCII)
_NUMERIC = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{0,2}[1-9])?$", re.ASCII)
_QUANTITY = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([A-Za-z]*)$", re.ASCII)
_UNITS = {letter: power for power, letter in enumerate("kmgtpe", 1)}


def units(text: Any) -> int | float:
    """`units.parse`: a quantity of Kubernetes."""
    amount, unit = _quantity(text)
    unit = unit[:1] + unit[1:].lower()
    if unit == "m":
        return _counted(amount / 1000)
    size = _factor(unit)
    if size is None:
        raise PolicyError(f"units.parse: unit {unit} not recognized")
    return _counted(amount * size)


def units_bytes(text: Any) -> int:
    """`units.parse_bytes`: rounded down to whole bytes."""
    amount, unit = _quantity(str(text).lower() if isinstance(text, str) else text)
    size = _factor(unit.removesuffix("b") if len(unit) > 1 else unit)
    if size is None or unit == "b":
        raise PolicyError(f"units.parse_bytes: byte unit {unit} not recognized")
    return _kept(int(amount * size))


def _quantity(text: Any) -> tuple[Fraction, str]:
    from fractions import Fraction

    _texts(text)
    found = _QUANTITY.match(text.replace('"', ""))
    if found is None or len(text) > 18:
        raise PolicyError(f"`{text[:40]}` is not read as a quantity")
    return Fraction(found[1]), found[2]


def _factor(unit: str) -> int | None:
    if not unit:
        return 1
    power = _UNITS.get(unit[0].lower())
    if power is None or unit[1:] not in ("", "i"):
        return None
    return int(1024**power if unit[1:] else 1000**power)


def _long(value: float) -> bool:
    digits = re.sub(r"e.*|\D", "", repr(value)).strip("0")
    return len(digits) > _DIGITS


# Text


def count_of(text: Any, part: Any) -> int:
    """`strings.count`: without overlap; an empty part stands between all characters."""
    _texts(text, part)
    return len(text) + 1 if not part else str(text).count(part)


def replace_n(patterns: Any, text: Any) -> str:
    """`strings.replace_n`: in one pass, at each place the first key in order that fits."""
    if not isinstance(patterns, dict):
        raise PolicyError("operand 1 must be object")
    _texts(text, *patterns.keys(), *patterns.values())
    keys = sorted(patterns, key=lambda key: key.encode("utf-8", "surrogatepass"))
    if not keys:
        return str(text)
    if "" in keys:
        raise PolicyError("the embedded engine does not replace an empty text")
    found = re.compile("|".join(re.escape(key) for key in keys))
    return found.sub(lambda match: patterns[match[0]], text)


def split_n(text: Any, part: Any, most: Any) -> list[str]:
    """`strings.split_n`: the first pieces, or the last of a negative number."""
    _texts(text, part)
    pieces = text.split(part) if part else list(text)
    return list(pieces[: whole(most)] if whole(most) >= 0 else pieces[whole(most) :])


def upper(text: Any) -> str:
    """`upper`, each character by itself."""
    _texts(text)
    return "".join(map(_raised, text)) if not text.isascii() else str(text).upper()


def lower(text: Any) -> str:
    """`lower`, each character by itself."""
    _texts(text)
    return "".join(map(_lowered, text)) if not text.isascii() else str(text).lower()


def _raised(char: str) -> str:
    found = char.upper()
    if len(found) > 1:
        raise PolicyError(f"the embedded engine does not write `{char}` in upper case")
    return found


def _lowered(char: str) -> str:
    found = char.lower()
    if len(found) > 1:
        raise PolicyError(f"the embedded engine does not write `{char}` in lower case")
    return found


def some_text(text: Any) -> Any:
    """The text, which must not be empty."""
    if text == "":
        raise PolicyError("empty search character")
    return text


def decoded(text: Any) -> Any:
    """What came out of a decoder. Bytes that are no UTF-8 have no equal form."""
    if isinstance(text, str) and "\ufffd" in text:
        raise PolicyError("the embedded engine does not read bytes that are no text")
    return text


def marshalled(text: Any) -> Any:
    """JSON as OPA writes it: safe in HTML."""
    bare = _STRINGS.sub("", text)
    if "e" in bare.replace("true", "").replace("false", ""):
        raise PolicyError("the embedded engine does not write a number of this size")
    for char, written in _HTML.items():
        text = text.replace(char, written)
    return text


_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_HTML = {each: f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"}


def plain_json(text: Any) -> Any:
    """JSON to read, in which each number is written as all write it."""
    if isinstance(text, str):
        for found in _NUMBERS.findall(_STRINGS.sub("", text)):
            if not _NUMERIC.match(found):
                raise PolicyError(f"the embedded engine does not read the number {found}")
    return text


_NUMBERS = re.compile(r"-?[\d.][\d.eE+-]*")


def alike(left: Any, right: Any) -> bool:
    """That `object.subset` may compare two types."""
    if left != right and (left, right) != ("array", "set"):
        raise PolicyError(
            "both arguments of object.subset must be of the same type or array and set"
        )
    return True


def ordered(types: Any) -> bool:
    """That both engines put values of these types in the same order."""
    if {"set", "object"} <= set(types):
        raise PolicyError("the embedded engine does not order sets among objects")
    return True


def sets(types: Any) -> bool:
    """That all values are sets."""
    if set(types) - {"set"}:
        raise PolicyError("operand must be a set of sets")
    return True


def must_be(found: Any, *wanted: str) -> bool:
    """That a value has one of some types."""
    if found not in wanted:
        raise PolicyError(f"operand must be {' or '.join(wanted)} but got {found}")
    return True


def listed(found: Any) -> bool:
    """That a value is a list."""
    return must_be(found, "array")


def gathered(found: Any) -> bool:
    """That a value is a list or a set."""
    return must_be(found, "array", "set")


def url_encoded(text: Any) -> str:
    """`urlquery.encode`."""
    from urllib.parse import quote_plus

    _texts(text)
    return quote_plus(text, safe="")


def url_decoded(text: Any) -> str:
    """`urlquery.decode`."""
    from urllib.parse import unquote_plus

    _texts(text)
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise PolicyError("invalid URL escape")
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError as error:
        raise PolicyError("the embedded engine does not read bytes that are no text") from error


_VERSION = re.compile(
    r"v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)


def version_is_valid(text: Any) -> bool:
    """`semver.is_valid`."""
    return isinstance(text, str) and _version(text) is not None


def version_compare(left: Any, right: Any) -> int:
    """`semver.compare`."""
    _texts(left, right)
    first, second = _version(left), _version(right)
    if first is None or second is None:
        raise PolicyError("operand is not a valid SemVer")
    return (first > second) - (first < second)


def _version(text: str) -> tuple[Any, ...] | None:
    found = _VERSION.fullmatch(text)
    if found is None or any(int(part) >= 2**63 for part in found.groups()[:3]):
        return None
    parts = found[4].split(".") if found[4] else []
    if any(part.isdigit() and len(part) > 1 and part[0] == "0" for part in parts):
        return None
    order = tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts)
    return (*(int(part) for part in found.groups()[:3]), not parts, order)


# Time


def rfc3339(text: Any) -> int:
    """`time.parse_rfc3339_ns`."""
    from datetime import datetime

    _texts(text)
    found = _TIME.fullmatch(text)
    if found is None:
        raise PolicyError("the text is no time of RFC 3339")
    try:
        moment = datetime.fromisoformat(f"{found[1]}{found[3].replace('Z', '+00:00')}")
    except ValueError as error:
        raise PolicyError("the text is no time of RFC 3339") from error
    return _moment(int(moment.timestamp()) * 10**9 + int((found[2] or "0").ljust(9, "0")[:9]))


_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)


def _moment(nanoseconds: int) -> int:
    if not -(2**63) <= nanoseconds < 2**63:
        raise PolicyError("time outside of valid range")
    return nanoseconds


def add_date(moment: Any, years: Any, months: Any, days: Any) -> int:
    """`time.add_date` in UTC. A day that the month lacks goes on into the next."""
    from datetime import UTC, datetime, timedelta

    if isinstance(moment, list) and len(moment) == 2 and moment[1] in ("", "UTC"):
        moment = moment[0]
    if isinstance(moment, list):
        raise PolicyError("the embedded engine adds to a date in UTC only")
    seconds, rest = divmod(whole(moment), 10**9)
    try:
        was = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        month = was.month - 1 + whole(months)
        year = was.year + whole(years) + month // 12
        start = was.replace(year=year, month=month % 12 + 1, day=1)
        then = start + timedelta(days=was.day - 1 + whole(days))
    except (ValueError, OverflowError) as error:
        raise PolicyError("time outside of valid range") from error
    return _moment(int((then - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 10**9 + rest)


def no_layout(moment: Any) -> Any:
    """What `time.format` shows alike: the default layout, with as many digits of a second as both
    engines write."""
    if isinstance(moment, list) and len(moment) > 2:
        raise PolicyError("the embedded engine shows a time in the default layout only")
    nanoseconds = moment[0] if isinstance(moment, list) and moment else moment
    if isinstance(nanoseconds, int):
        digits = f"{nanoseconds % 10**9:09}".rstrip("0")
        if len(digits) % 3:
            raise PolicyError("the embedded engine shows other digits of a second")
    return moment


def _texts(*given: Any) -> None:
    for each in given:
        if not isinstance(each, str):
            raise PolicyError("operand must be string")


def _hashed(name: str) -> Callable[[Any], str]:
    def digest(text: Any) -> str:
        import hashlib

        _texts(text)
        return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

    return digest


def _keyed(name: str) -> Callable[[Any, Any], str]:
    def digest(text: Any, key: Any) -> str:
        import hmac

        _texts(text, key)
        return hmac.new(key.encode(), text.encode(), name).hexdigest()

    return digest


def hmac_equal(left: Any, right: Any) -> bool:
    """`crypto.hmac.equal`."""
    import hmac

    _texts(left, right)
    return hmac.compare_digest(left.encode(), right.encode())


# Formatting, as Go's package fmt does it


_VERB = re.compile(r"%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?(\[\d+\])?(.?)", re.DOTALL)


def sprintf(pattern: Any, values: Any, marshalled: Any) -> str:
    """`sprintf`; `marshalled` is `values` by `json.marshal`, in which `1` and `true` of a set are
    two values."""
    _texts(pattern, marshalled)
    if not isinstance(values, list):
        raise PolicyError("operand 2 must be array")
    given = [
        _argument(shape, exact) for shape, exact in zip(values, json.loads(marshalled), strict=True)
    ]
    used = 0

    def shown(match: re.Match[str]) -> str:
        nonlocal used
        flags, width, precision, index, verb = match.groups()
        if index or "*" in (width, precision):
            raise PolicyError(f"the embedded engine does not format by `{match[0]}`")
        if not verb:
            return "%!(NOVERB)"
        if verb == "%":
            return "%"
        if used >= len(given):
            return f"%!{verb}(MISSING)"
        value = given[used]
        used += 1
        return _formatted(value, verb, _Spec(flags, width, precision, match[0]))

    text = _VERB.sub(shown, pattern)
    if used < len(given):
        extra = ", ".join(f"{_kind(each)}={_plain(each)}" for each in given[used:])
        text += f"%!(EXTRA {extra})"
    return text


class _Spec:
    """The flags, width and precision of a verb."""

    def __init__(self, flags: str, width: str | None, precision: str | None, text: str) -> None:
        self.flags = flags
        self.width = int(width) if width else 0
        self.precision = None if precision is None else int(precision or 0)
        self.text = text

    def padded(self, text: str, *, number: bool = False) -> str:
        if "-" in self.flags:
            return text.ljust(self.width)
        if "0" in self.flags and len(text) < self.width:
            if not number:
                raise PolicyError(f"the embedded engine does not format by `{self.text}`")
            sign = text[0] if text[:1] in "+- " and text else ""
            return sign + text[len(sign) :].rjust(self.width - len(sign), "0")
        return text.rjust(self.width)

    def signed(self, text: str) -> str:
        if text.startswith("-"):
            return text
        return ("+" if "+" in self.flags else " " if " " in self.flags else "") + text


def _argument(shape: Any, exact: Any) -> int | float | str:
    """What OPA gives to Go's formatting: numbers and texts as they are, all else as its text."""
    if isinstance(exact, bool) or not isinstance(exact, (int, float, str)):
        return term(shape, exact)
    return exact


def term(shape: Any, exact: Any) -> str:
    """A value as OPA writes it in Rego. `shape` tells sets from lists, `exact` has the values."""
    if isinstance(shape, set):
        if not exact:
            return "set()"
        if len(shape) != len(exact) and any(isinstance(each, (list, dict)) for each in exact):
            raise PolicyError("the embedded engine cannot show this set")
        return "{" + ", ".join(term(each, each) for each in exact) + "}"
    if isinstance(shape, list):
        return "[" + ", ".join(term(a, b) for a, b in zip(shape, exact, strict=True)) + "]"
    if isinstance(shape, dict):
        if not all(isinstance(key, str) for key in shape):
            raise PolicyError("the embedded engine cannot show an object with such keys")
        inner = (f"{_quoted(key)}: {term(shape[key], exact[key])}" for key in _ordered(shape))
        return "{" + ", ".join(inner) + "}"
    if isinstance(exact, str):
        return _quoted(exact)
    if isinstance(exact, float) and "e" in repr(exact):
        raise PolicyError("the embedded engine cannot show a number of this size")
    return json.dumps(exact)


def _ordered(shape: Mapping[str, Any]) -> list[str]:
    return sorted(shape, key=lambda key: key.encode("utf-8", "surrogatepass"))


_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPES |= {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\v": "\\v"}


def _quoted(text: str) -> str:
    """As Go's strconv.Quote. What is not printable to Go only may differ from Python's tables."""
    out = []
    for char in text:
        if char in _ESCAPES:
            out.append(_ESCAPES[char])
        elif char.isprintable():
            out.append(char)
        elif ord(char) < 0x80:
            out.append(f"\\x{ord(char):02x}")
        else:
            out.append(f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}")
    return '"' + "".join(out) + '"'


def _formatted(value: int | float | str, verb: str, spec: _Spec) -> str:
    if verb == "T":
        return spec.padded(_kind(value))
    if isinstance(value, str):
        return _text(value, verb, spec)
    if isinstance(value, int):
        return _integer(value, verb, spec)
    return _float(value, verb, spec)


def _kind(value: int | float | str) -> str:
    if isinstance(value, str):
        return "string"
    if isinstance(value, float):
        return "float64"
    return "int64" if -(2**63) <= value < 2**63 else "*big.Int"


def _plain(value: int | float | str) -> str:
    return shortest(value) if isinstance(value, float) else str(value)


def _bad(value: int | float | str, verb: str, spec: _Spec) -> str:
    if spec.flags or spec.width or spec.precision is not None:
        raise PolicyError(f"the embedded engine does not format by `{spec.text}`")
    return f"%!{verb}({_kind(value)}={_plain(value)})"


def _text(value: str, verb: str, spec: _Spec) -> str:
    if verb in "sv" and "#" not in spec.flags:
        cut = value if spec.precision is None else value[: spec.precision]
        return spec.padded(cut)
    if verb == "q" and not {"#", "+"} & set(spec.flags):
        return spec.padded(_quoted(value if spec.precision is None else value[: spec.precision]))
    if verb in "xX" and not spec.flags and spec.precision is None:
        found = value.encode().hex()
        return spec.padded(found.upper() if verb == "X" else found)
    return _bad(value, verb, spec)


_BASES = {"d": "d", "v": "d", "b": "b", "o": "o", "x": "x", "X": "X"}


def _integer(value: int, verb: str, spec: _Spec) -> str:
    if verb in _BASES and "#" not in spec.flags and spec.precision is None:
        if _kind(value) == "*big.Int" and spec.flags:
            raise PolicyError(f"the embedded engine does not format by `{spec.text}`")
        return spec.padded(spec.signed(format(value, _BASES[verb])), number=True)
    if verb == "s" and _kind(value) == "*big.Int" and not spec.flags and spec.precision is None:
        return spec.padded(str(value))
    if verb in "cqUO" or verb in _BASES:
        raise PolicyError(f"the embedded engine does not format by `{spec.text}`")
    if _kind(value) == "*big.Int":
        return f"%!{verb}(big.Int={value})" if not spec.flags else _bad(value, verb, spec)
    return _bad(value, verb, spec)


def _float(value: float, verb: str, spec: _Spec) -> str:
    if "#" in spec.flags:
        raise PolicyError(f"the embedded engine does not format by `{spec.text}`")
    if verb in "fF":
        found = f"{value:.{6 if spec.precision is None else spec.precision}f}"
    elif verb in "eE":
        found = f"{value:.{6 if spec.precision is None else spec.precision}{verb}}"
    elif verb in "gv" and spec.precision is None:
        found = shortest(value)
    elif verb in "gG" and spec.precision is not None and spec.precision > 0:
        found = f"{value:.{spec.precision}{verb}}"
    elif verb in "gvGbxX":
        raise PolicyError(f"the embedded engine does not format by `{spec.text}`")
    else:
        return _bad(value, verb, spec)
    return spec.padded(spec.signed(found), number=True)


def shortest(value: float) -> str:
    """A double as Go's `%v` shows it: the fewest digits, an exponent below -4 and from 6."""
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    sign = "-" if value < 0 else ""
    digits, _, tail = repr(abs(value)).partition("e")
    whole, _, part = digits.partition(".")
    shift = int(tail or 0)
    plain = (whole + part).lstrip("0")
    point = len(whole) + shift - (len(whole + part) - len((whole + part).lstrip("0")))
    plain = plain.rstrip("0") or "0"
    exponent_of = point - 1
    if exponent_of < -4 or exponent_of >= _EXPONENT:
        rest = f".{plain[1:]}" if len(plain) > 1 else ""
        return f"{sign}{plain[0]}{rest}e{'-' if exponent_of < 0 else '+'}{abs(exponent_of):02d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{plain}"
    if point >= len(plain):
        return sign + plain + "0" * (point - len(plain))
    return f"{sign}{plain[:point]}.{plain[point:]}"


OWN: Mapping[str, Callable[..., Any]] = {
    "gate.plus": plus,
    "gate.minus": minus,
    "gate.times": times,
    "gate.divided": divided,
    "gate.whole": whole,
    "gate.step": step,
    "gate.numeric": numeric,
    "gate.sprintf": sprintf,
    "gate.some_text": some_text,
    "gate.decoded": decoded,
    "gate.marshalled": marshalled,
    "gate.plain_json": plain_json,
    "gate.alike": alike,
    "gate.ordered": ordered,
    "gate.sets": sets,
    "gate.listed": listed,
    "gate.gathered": gathered,
    "gate.no_layout": no_layout,
    "gate.regex": patterns.regex,
    "gate.regex_all": patterns.regex_all,
    "gate.replacement": patterns.replacement,
    "bits.and": _bits(lambda left, right: left & right),
    "bits.or": _bits(lambda left, right: left | right),
    "bits.xor": _bits(lambda left, right: left ^ right),
    "bits.lsh": _bits(_shifted),
    "bits.rsh": _bits(_shifted_back),
    "bits.negate": negated,
    "ceil": ceiling,
    "floor": floored,
    "format_int": format_int,
    "round": rounded,
    "crypto.hmac.equal": hmac_equal,
    "crypto.hmac.md5": _keyed("md5"),
    "crypto.hmac.sha1": _keyed("sha1"),
    "crypto.hmac.sha256": _keyed("sha256"),
    "crypto.hmac.sha512": _keyed("sha512"),
    "crypto.md5": _hashed("md5"),
    "crypto.sha1": _hashed("sha1"),
    "crypto.sha256": _hashed("sha256"),
    "glob.match": patterns.glob_match,
    "glob.quote_meta": patterns.glob_quoted,
    "lower": lower,
    "product": product,
    "semver.compare": version_compare,
    "semver.is_valid": version_is_valid,
    "strings.count": count_of,
    "strings.replace_n": replace_n,
    "strings.split_n": split_n,
    "sum": total,
    "time.add_date": add_date,
    "time.parse_rfc3339_ns": rfc3339,
    "units.parse": units,
    "units.parse_bytes": units_bytes,
    "upper": upper,
    "urlquery.decode": url_decoded,
    "urlquery.encode": url_encoded,
}
"""By their names; `own` says how many arguments they take."""
