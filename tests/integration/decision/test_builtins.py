"""The builtins that gate brings to the embedded engine, against a real OPA."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.support.engines import REFUSED, embedded_value, opa_values

NUMBERS = [0, 1, -1, 3, 7, 0.1, 0.2, 0.3, 1.5, -0.5, 2.5, -2.5, 99.9, 10**15, 2**53]
TEXTS = ["", "a", "abab", "ä", "ß", "Σίσυφος", "10", " 5", "1.5", "a.b", "a%20b+c", "x=1&y"]
PATTERNS = [
    "a*",
    "^a",
    r"\d+",
    r"[a-c]\w",
    r"\bab",
    "(a|b)+",
    "a{2}",
    "{",
    "[[:alpha:]]",
    "(?i)A.b",
]
GLOBS = ["*", "a*", "a?", "**.b", "{a,b}*", "[a-c]*", "[!a]*", "a.{b,c}", r"a\*", "{a,}b"]
QUANTITIES = [
    "1",
    "1.5",
    "100m",
    "1Ki",
    "2Gi",
    "1.5G",
    "1k",
    "3E",
    "",
    "x",
    "1 k",
    "5mb",
    "1KiB",
    "m",
]
VERSIONS = ["1.2.3", "v1.2.3", "1.2", "1.2.3-rc.1", "1.2.3-rc.10", "1.2.3-01", "1.2.3+b", "01.2.3"]
TIMES = [
    "2026-11-22T10:00:00Z",
    "2026-11-22T10:00:00.5+02:00",
    "2026-11-22t10:00:00z",
    "2026-02-30",
]
VERBS = [
    "%v",
    "%s",
    "%d",
    "%5.2f",
    "%q",
    "%x",
    "%t",
    "%e",
    "%-4v|",
    "%05d",
    "%+d",
    "%T",
    "%%",
    "%!",
]
VALUES = [
    1,
    -3,
    1.5,
    123456789.5,
    1e-7,
    "a",
    'q"\n',
    True,
    None,
    [1, "a", None],
    {"b": [1], "a": "x"},
    2**63,
]

CALLS: dict[str, list[tuple[Any, ...]]] = {
    "a[0] + a[1]": list(itertools.product(NUMBERS, NUMBERS)),
    "a[0] - a[1]": list(itertools.product(NUMBERS, NUMBERS)),
    "a[0] * a[1]": list(itertools.product(NUMBERS, NUMBERS)),
    "a[0] / a[1]": list(itertools.product(NUMBERS[:9], NUMBERS[:9])),
    "sum(a)": [(1, 2, 3), (0.1, 0.2), (99.9, 0.3), (), (1, "a"), (0.7, 99.9, -0.5)],
    "product(a)": [(1, 2, 3), (0.1, 0.7), (0.7, 63, 16), (2, 3.14, 0.2), ()],
    "round(a[0])": [(each,) for each in NUMBERS],
    "ceil(a[0])": [(each,) for each in NUMBERS],
    "floor(a[0])": [(each,) for each in NUMBERS],
    "format_int(a[0], a[1])": list(itertools.product([5, -5, 2.7, "x"], [2, 8, 10, 16, 7])),
    "bits.lsh(a[0], a[1])": list(itertools.product([1, -2, 37], [0, 3, 64, -1])),
    "bits.rsh(a[0], a[1])": list(itertools.product([1, -2, 37], [0, 3, 64, -1])),
    "upper(a[0])": [(each,) for each in TEXTS],
    "lower(a[0])": [(each.upper(),) for each in TEXTS],
    "to_number(a[0])": [(each,) for each in [*TEXTS, True, None, 3, "-1", "1e3", "99.0", "inf"]],
    "strings.count(a[0], a[1])": list(itertools.product(TEXTS, TEXTS[:4])),
    "replace(a[0], a[1], a[2])": list(itertools.product(TEXTS, TEXTS[:3], ["x"])),
    "indexof(a[0], a[1])": list(itertools.product(TEXTS, TEXTS[:4])),
    "substring(a[0], a[1], a[2])": list(itertools.product(TEXTS, [0, 1, 1.5, -1], [1, -1, 2.5])),
    "strings.replace_n(a[0], a[1])": list(
        itertools.product([{"a": "b", "b": "a"}, {"ab": "x", "a": "y"}, {}], TEXTS)
    ),
    "regex.match(a[0], a[1])": list(itertools.product(PATTERNS, TEXTS)),
    "regex.split(a[0], a[1])": list(itertools.product(PATTERNS, TEXTS)),
    "regex.find_n(a[0], a[1], -1)": list(itertools.product(PATTERNS, TEXTS)),
    "regex.replace(a[0], a[1], a[2])": list(
        itertools.product(["abab", "a1b22"], PATTERNS, ["x", "$1", "${1}y", "$"])
    ),
    'glob.match(a[0], ["."], a[1])': list(itertools.product(GLOBS, ["a", "ab", "a.b", "b", "a*"])),
    "glob.match(a[0], null, a[1])": list(itertools.product(GLOBS, ["a", "ab", "a.b", "b", "a*"])),
    "glob.quote_meta(a[0])": [(each,) for each in GLOBS],
    "units.parse(a[0])": [(each,) for each in QUANTITIES],
    "units.parse_bytes(a[0])": [(each,) for each in QUANTITIES],
    "semver.is_valid(a[0])": [(each,) for each in VERSIONS],
    "semver.compare(a[0], a[1])": list(itertools.product(VERSIONS, VERSIONS)),
    "time.parse_rfc3339_ns(a[0])": [(each,) for each in TIMES],
    "time.add_date(a[0], a[1], a[2], a[3])": list(
        itertools.product(
            [0, 1709164800000000000, 1763805600123456789], [0, -1, 3], [1, -11], [0, 31]
        )
    ),
    "urlquery.encode(a[0])": [(each,) for each in TEXTS],
    "urlquery.decode(a[0])": [(each,) for each in [*TEXTS, "%zz", "%b"]],
    "json.marshal(a[0])": [(each,) for each in VALUES],
    "crypto.sha256(a[0])": [(each,) for each in TEXTS],
    "crypto.hmac.sha512(a[0], a[1])": list(itertools.product(TEXTS[:3], TEXTS[:3])),
    "array.slice(a, 0, 1.5)": [(1, 2)],
    "array.flatten(a)": [(1, [2, [3]], {"a": [4]}), ()],
    "sort(a)": [(3, "a", None, [1], {"b": 1}, True, 0.5)],
    "object.subset(a[0], a[1])": list(itertools.product([[1, 2], {"a": 1}, 1], [[1], {"a": 1}])),
    "sprintf(a[0], [a[1]])": list(itertools.product(VERBS, VALUES)),
    "sprintf(a[0], a[1])": [("%d %d", [1]), ("%d", [1, 2]), ("", []), ("%s and %v", ["a", 1.5])],
    "sprintf(`%v`, [{x | some x in a}])": [(1, "a", True), (), (3, 1)],
}


@pytest.mark.parametrize("call", CALLS)
def test_a_builtin_answers_as_opas_does_or_says_that_it_cannot(call: str, tmp_path: Path) -> None:
    rows = [list(row) for row in CALLS[call]]
    text = f"package t\n\nr[i] := v if {{\n\tsome i, a in input.rows\n\tv := {call}\n}}\n"
    theirs = opa_values(text, ["data.t.r"], {"rows": rows}, tmp_path)["data.t.r"][0]
    one = f"package t\n\nr := v if {{\n\ta := input.a\n\tv := {call}\n}}\n"
    answered = 0
    for number, row in enumerate(rows):
        ours = embedded_value(one, "data.t.r", {"a": row})
        wanted = [theirs[str(number)]] if str(number) in theirs else []
        if ours == REFUSED:
            continue
        assert ours == wanted, row
        answered += 1
    assert answered >= 0.4 * len(theirs), (answered, len(theirs))
