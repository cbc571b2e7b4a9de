"""The builtins that gate brings to the embedded engine: their names, and how many arguments they
take. What they do is imported when the first of them is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gate.errors import PolicyError

ARITY: Mapping[str, int] = {
    "gate.plus": 2,
    "gate.minus": 2,
    "gate.times": 2,
    "gate.divided": 2,
    "gate.whole": 1,
    "gate.step": 1,
    "gate.numeric": 1,
    "gate.sprintf": 3,
    "gate.some_text": 1,
    "gate.decoded": 1,
    "gate.marshalled": 1,
    "gate.plain_json": 1,
    "gate.alike": 2,
    "gate.ordered": 1,
    "gate.sets": 1,
    "gate.listed": 1,
    "gate.gathered": 1,
    "gate.no_layout": 1,
    "gate.regex": 1,
    "gate.regex_all": 1,
    "gate.replacement": 1,
    "bits.and": 2,
    "bits.or": 2,
    "bits.xor": 2,
    "bits.lsh": 2,
    "bits.rsh": 2,
    "bits.negate": 1,
    "ceil": 1,
    "floor": 1,
    "format_int": 2,
    "round": 1,
    "crypto.hmac.equal": 2,
    "crypto.hmac.md5": 2,
    "crypto.hmac.sha1": 2,
    "crypto.hmac.sha256": 2,
    "crypto.hmac.sha512": 2,
    "crypto.md5": 1,
    "crypto.sha1": 1,
    "crypto.sha256": 1,
    "glob.match": 3,
    "glob.quote_meta": 1,
    "lower": 1,
    "product": 1,
    "semver.compare": 2,
    "semver.is_valid": 1,
    "strings.count": 2,
    "strings.replace_n": 2,
    "strings.split_n": 3,
    "sum": 1,
    "time.add_date": 4,
    "time.parse_rfc3339_ns": 1,
    "units.parse": 1,
    "units.parse_bytes": 1,
    "upper": 1,
    "urlquery.decode": 1,
    "urlquery.encode": 1,
}


def late(name: str) -> Callable[..., Any]:
    """The builtin of that name."""

    def call(*given: Any) -> Any:
        from gate.decision.rego.builtins import OWN

        try:
            return OWN[name](*given)
        except PolicyError as error:
            if not error.message.startswith(("operand", "the text")):
                raise
            raise PolicyError(f"{name.removeprefix('gate.')}: {error.message}") from error

    return call
