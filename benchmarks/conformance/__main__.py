"""`python -m benchmarks.conformance`."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from benchmarks import conformance
from benchmarks.conformance import cases
from benchmarks.conformance.judge import Outcome
from benchmarks.conformance.run import jobs, run

KINDS = ("right", "refused", "raises", "wrong")


def main() -> int:
    """Prints the table. Ends with 1 where a case is wrong, with 2 where there are no cases."""
    parser = argparse.ArgumentParser(
        description=conformance.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--show", choices=KINDS)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    folder = cases.folder()
    if folder is None:
        print(f"OPA's cases are not here: {cases.HOW}", file=sys.stderr)
        return 2
    chosen = [case for case in cases.read(folder) if options.only in f"{case.group} {case.name}"]
    found = list(run(chosen[:: options.every], jobs()))
    found.sort(key=lambda each: (each[0].group, each[0].name))
    if options.json:
        print(json.dumps([{"case": c.name, "group": c.group, **asdict(o)} for c, o in found]))
    elif options.show:
        for case, outcome in found:
            if outcome.kind == options.show:
                print(f"{case.group}: {case.name}\n    {outcome.reason}")
    else:
        print(table([(case.group, outcome) for case, outcome in found]))
    return int(any(outcome.kind == "wrong" for _, outcome in found))


def table(found: Sequence[tuple[str, Outcome]]) -> str:
    """Markdown: the groups with the most that is not right first, then why it was refused."""
    groups: dict[str, Counter[str]] = {}
    reasons: Counter[str] = Counter()
    for group, outcome in found:
        groups.setdefault(group, Counter())[outcome.kind] += 1
        if outcome.kind == "refused":
            reasons[outcome.reason] += 1
    total = sum(groups.values(), Counter[str]())
    lines = ["| group | right | refused | raises | wrong |", "|---|---|---|---|---|"]
    lines.append(_row("**all**", total))
    order = sorted(groups, key=lambda name: (groups[name]["right"] - groups[name].total(), name))
    lines += [_row(name, groups[name]) for name in order]
    lines += ["", "| refused for | cases |", "|---|---|"]
    lines += [
        f"| {reason.replace('|', '¦')} | {count} |" for reason, count in reasons.most_common()
    ]
    return "\n".join(lines)


def _row(name: str, counts: Counter[str]) -> str:
    return f"| {name} | " + " | ".join(str(counts[kind]) for kind in KINDS) + " |"


if __name__ == "__main__":
    sys.exit(main())
