"""Random policy inputs, and the values that random policies and inputs are made of."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

WORDS = [
    *("", "a", "b", "app", "app:latest", "App", "ghcr.io/shop/app@sha256:0a", "nginx:1.25"),
    *(" a b ", "a,b,,c", "a.b.c", "a/b", "Ünïcode é", "日本", "😀x", "ß", "İ", "ﬀ", "e\u0301"),
    *('"q"', "back\\slash", "tab\tnew\nline", "{a}", "%s", "$1", "null", "true", "<a&b>", "x"),
    *("1", "1.5", "-3", "007", "1e3", " 5", "0x1F", "3.0", "+5", "1_0", ".5", "NaN", "inf"),
]
NUMBERS: list[Any] = [
    *(0, 1, 2, 3, 5, 7, 10, 100, -1, -2, 0.5, 1.5, 2.5, -0.5, -1.5, 0.1, 0.2, 3.14, 0.3, 12, 50),
    *(1.0, 2.0, 99.9, 1e3, 2**31, 2**53, 1763805600000000000, 1e21, 1000),
]
_YEAR = "2026-11-22T10:00:00"
FLAVOURS: dict[str, Sequence[Any]] = {
    "version": ["1.2.3", "1.2.3-rc.1", "1.10.0", "v1.2.3", "1.2", "1.2.3+b", "2.0.0-a.10", "x"],
    "at": [
        *(f"{_YEAR}Z", f"{_YEAR}.5+02:00", "2024-02-29T23:59:59-05:00", "2026-13-01T00:00:00Z"),
        *("2026-11-22", "1500-01-01T00:00:00Z", "2026-11-22t10:00:00z"),
    ],
    "memory": ["10Ki", "10K", "1.5Gi", "100m", "1KB", "1MiB", "10 MB", "0.5k", "-5Mi", "5", "5x"],
    "lasts": ["1h", "1h30m", "100ms", "1.5h", "-2s", "1d", "x", "0"],
    "json": ["[1,2]", '{"a":1,"b":[true]}', "{", '"x"', "1.0", "1e2", '{"a":1,"a":2}', " 3 "],
    "yaml": ["a: 1\nb: [x]", "a: yes", "- 1\n- 2", "a: 0o17", "a: [", "x", "1.0", "a: 2026-01-01"],
    "base64": ["YWJj", "YW Jj", "-_8=", "////", "8J+YgA==", ""],
    "cidr": ["10.0.0.0/8", "10.1.2.3", "10.0.0.0/33", "192.168.0.0/30", "::1/128", "10.1.0.0/16"],
    "regex": [
        *("^a.*$", "[", "a|b", "(a)(b)?", "\\d+", "(?i)APP", "a{2}", "é", "x*", "^.+:latest$"),
        *("^(.+):(.+)$", "[^/]+", ".", "", "\\s", "\\w+$", "(?P<n>a)", "^[a-z0-9.]+$"),
    ],
    "glob": ["*", "a*", "a?p", "{a,app}", "[a-c]", "**", "a/*", "*.b.c", "ghcr.io/**", "*:latest"],
    "format": [
        *("%s", "%d", "%v", "%s is %v", "%d of %d", "%5.2f", "%x", "%q", "%%", "%t", "100%"),
        *("%v %v", "%06d", "%-5s|", "%s: %d", "%[1]d", "%.1f", "plain", "%e", "%c", "%+d", "%s %s"),
    ],
    "url": ["a=1&b=2&a=3", "a%20b", "a+b", "%zz", "a*b~c", "ü=1"],
    "date": ["2006-01-02", "2006-01-02T15:04:05Z07:00", "RFC3339", "RFC1123", "Mon Jan 2"],
    "zone": ["UTC", "Europe/Vienna", "America/New_York", "", "Nowhere", "Local"],
}
"""Texts that a builtin wants of one argument; the input has a field of each name."""


def policy_input(random: Random) -> dict[str, Any]:
    """An input in the manner of the gate's; much is missing, null, empty or of a wrong type."""
    top = _thing(random, 2)
    top["resources"] = [_thing(random, 1) for _ in range(random.choice([0, 1, 1, 2, 3]))]
    top["ns"] = random.choice([1763805600000000000, 0, -1, 1709164800000000000])
    return top


def _thing(random: Random, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": random.choice(["apps/Deployment/shop/app", "a", "b"]),
        "kind": random.choice(["Deployment", "Service", "a"]),
        "name": random.choice(WORDS),
        "image": random.choice(WORDS[:10]),
        "labels": {key: random.choice(WORDS) for key in random.sample(["a", "b", "app"], 2)},
        "replicas": random.choice([0, 1, 2, 3, 10, "3"]),
        "weight": random.choice(NUMBERS),
        "ready": random.choice([True, False]),
        "owner": None,
        "tags": [random.choice([*WORDS, *NUMBERS]) for _ in range(random.randrange(4))],
        "containers": [{"name": "a", "image": random.choice(WORDS)}] * random.randrange(3),
        "changes": [{"path": ["spec", 0], "op": "replace", "old": 1, "new": 2}],
        "a": random.choice([None, False, True, 0, "", "a", [], {}, [1, 2], {"a": 1, "b": 2}]),
    }
    found |= {
        name: random.choice(texts) for name, texts in FLAVOURS.items() if random.random() < 0.5
    }
    if depth > 0:
        found |= {name: _thing(random, depth - 1) for name in ("spec", "old", "new")}
    for name in list(found):
        _spoil(random, found, name)
    return found


def _spoil(random: Random, found: dict[str, Any], name: str) -> None:
    luck = random.random()
    if luck < 0.12:
        del found[name]
    elif luck < 0.25:
        odd: list[Any] = [None, "", [], {}, False, 0, "x", [None], {"a": None}, [["a"]], {"": {}}]
        found[name] = random.choice([*odd, *WORDS, *NUMBERS])
