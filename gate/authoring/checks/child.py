"""Reads modules and follows them in the limited child process (Trust, step 3):
`python -I -m gate.authoring.checks.child`, started through `gate.decision.engines.confined`.

One request comes as a line of JSON on standard input: `modules`, `others` that these may lead to
(both as path and text), `documents` (whether data files say something below `gate`) and `limits`.
Answers go to standard output, a line of JSON each: one for each of the modules as soon as it is
parsed, then one with all that following them found.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from gate import schemas
from gate.authoring.checks import findings
from gate.authoring.checks.problem import Problem, error
from gate.authoring.checks.trace import Tracer, Use
from gate.authoring.checks.tree import Tree, of_module
from gate.decision.engines import embedded, noise
from gate.decision.engines.child import restrict
from gate.decision.limits import Limits
from gate.decision.rego.rewrite import Source, rewrite_all
from gate.decision.rego.syntax import of_tree
from gate.decision.sources.read import TESTS
from gate.errors import PolicyError

_SETS = ("deny", "warn")
_FRAMES = 5000
_TOO_DEEP = "The policy is nested too deeply."


def main() -> None:
    """Serves the one request."""
    request = json.loads(sys.stdin.buffer.readline())
    restrict(Limits(**request["limits"]))
    noise.own()
    sys.setrecursionlimit(_FRAMES)
    try:
        for answer in answers(request):
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
    except MemoryError:
        sys.stdout.write(json.dumps({"memory": True}) + "\n")


def answers(request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What is said of the modules, one by one, and of all together."""
    sources: list[Source] = []
    trees: list[Tree] = []
    for path, text in request["modules"]:
        try:
            source = _parsed(path, text)
            syntax, tree = of_tree(source.tree), of_module(path, text, source.tree)
        except RecursionError:
            yield {"error": {"message": _TOO_DEEP}}
            continue
        except PolicyError as fault:
            yield {"error": {"message": fault.message, "line": fault.line, "advice": fault.advice}}
            continue
        yield {"syntax": syntax.to_json()}
        sources.append(source)
        if not path.endswith(TESTS):
            trees.append(tree)
    others = [_parsed(path, text) for path, text in request["others"]]
    known = [of_module(each.path, each.text, each.tree) for each in others]
    yield {
        **_traced(trees, known, documents=request["documents"]),
        "others": [of_tree(each.tree).to_json() for each in others],
        "unfaithful": _unfaithful(sources, others),
    }


def _parsed(path: str, text: str) -> Source:
    return Source(path, text, embedded.tree(path, text))


def _unfaithful(
    sources: Sequence[Source], others: Sequence[Source]
) -> dict[str, list[dict[str, Any]]]:
    """What only OPA judges rightly, since it has no form that both engines read alike."""
    made = rewrite_all(sources, [each.tree for each in others])
    return {path: [asdict(told) for told in each.unfaithful] for path, each in made.items()}


def _traced(trees: Sequence[Tree], others: Sequence[Tree], *, documents: bool) -> dict[str, Any]:
    tracer = Tracer([*others, *trees], schemas.load("input"), documents=documents)
    uses: dict[str, set[Use]] = {tree.path: set() for tree in trees}
    problems: set[Problem] = set()
    for tree, name in [*_names(trees, functions=False), *_names(trees, functions=True)]:
        try:
            used, found = _followed(tracer, tree, name)
        except RecursionError:
            line = tree.rules[name][0].line
            problems.add(error(tree.path, line, "syntax", _TOO_DEEP))
            continue
        uses[tree.path] |= used
        problems |= found
    problems |= set(tracer.problems())
    return {
        "problems": [each.to_json() for each in sorted(problems)],
        "uses": {path: [[list(use.path), use.line] for use in used] for path, used in uses.items()},
    }


def _followed(tracer: Tracer, tree: Tree, name: str) -> tuple[frozenset[Use], set[Problem]]:
    """What a rule or function reads, and what is wrong with its elements."""
    if tree.rules[name][0].kind == "function":
        return tracer.function(tree, name), set()
    found: set[Problem] = set()
    for line, element in tracer.elements(tree, name) if name in _SETS else ():
        found |= set(findings.check(tree.path, line, element))
    return tracer.rule(tree, name)[1], found


def _names(trees: Sequence[Tree], *, functions: bool) -> Iterator[tuple[Tree, str]]:
    for tree in trees:
        for name, clauses in tree.rules.items():
            if (clauses[0].kind == "function") is functions:
                yield tree, name


if __name__ == "__main__":
    main()
