"""Random policies on random inputs: what the embedded engine accepts, it judges as a real OPA does.

A few hundred policies are tried, always the same. To try others, and more of them:

    RANDOM_POLICIES=20000 RANDOM_SEED=100000 pytest -k random_polic tests/integration/decision

A difference is made smaller before it is shown. Policies that OPA does not compile are left out:
what it refuses beyond safety are type errors, statements that never hold on either engine.
"""

from __future__ import annotations

import http.client
import json
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any, Literal

import pytest

from gate.decision.engines import embedded
from gate.decision.engines.inputs import input_text
from gate.errors import PolicyError
from tests.support import random_rego
from tests.support.opa import running
from tests.support.random_values import policy_input
from tests.support.rego_tree import Node, shrink, text

POLICIES = int(os.environ.get("RANDOM_POLICIES", "300"))
SEED = int(os.environ.get("RANDOM_SEED", "0"))
INPUTS = 3
ACCEPTED = 0.5
"""Of what OPA answers, the least part that the embedded engine answers too: one that refuses all
makes no mistake."""

PATH = "policies/random/policy.rego"
PACKAGE = "gate/random/policy"


@dataclass(frozen=True, slots=True)
class Said:
    """What an engine says: the package's rules, or why it says nothing."""

    value: Any = None
    failure: str | None = None
    compiles: bool = True


UNSAFE = re.compile(
    "recursi|conflict|unused|referenced above|multiple default|arity|assigned above"
)
"""What OPA may not refuse where the embedded engine accepts: faults of variables and names."""


class Opa:
    """A real OPA, asked over one connection."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.loaded: str | None = None
        self.fault: str | None = None

    def judge(self, policy: str, given: str) -> Said:
        """The package's value, with strict builtin errors."""
        if policy != self.loaded:
            self.loaded = policy
            status, body = self._call("PUT", "/v1/policies/random", policy)
            self.fault = None if status == 200 else _messages(body)
        if self.fault is not None:
            return Said(failure=self.fault, compiles=False)
        status, body = self._call(
            "POST", f"/v1/data/{PACKAGE}?strict-builtin-errors=true", f'{{"input":{given}}}'
        )
        if status != 200:
            return Said(failure=_messages(body))
        return Said(_comparable(_exact(body)["result"]))

    def _call(self, method: str, path: str, body: str) -> tuple[int, str]:
        self.connection.request(method, path, body.encode())
        answer = self.connection.getresponse()
        return answer.status, answer.read().decode()


def _messages(body: str) -> str:
    told = json.loads(body)
    return "; ".join(each["message"] for each in told.get("errors", [told]))


def _exact(body: str) -> Any:
    return json.loads(body, parse_float=Decimal)


def _comparable(value: Any) -> Any:
    """Numbers apart from booleans, which are equal to them in Python; a decimal as the double
    that it is shown as."""
    if isinstance(value, (bool, str)) or value is None:
        return value
    if isinstance(value, (int, float, Decimal)):
        whole = value == int(value) if abs(value) != Decimal("inf") else False
        return ("number", int(value) if whole else float(value))
    if isinstance(value, list):
        return [_comparable(each) for each in value]
    return {_key(key): _comparable(each) for key, each in value.items()}


def _key(key: str) -> str:
    """A key that is no text in Rego is one in JSON, which the engines escape each in its way."""
    try:
        return json.dumps(json.loads(key), sort_keys=True) if key[:1] in ("[", "{") else key
    except (ValueError, TypeError):
        return key


@pytest.fixture(scope="module")
def opa() -> Iterator[Opa]:
    with running() as server:
        asked = Opa(server.port)
        with closing(asked.connection):
            yield asked


class Embedded:
    """The embedded engine behind the allow-list and the rewriting, in this process: these
    policies loop over little and do not recurse, and a child for each would take long."""

    def __init__(self) -> None:
        self.source: str | None = None
        self.core: str | None = None
        self.fault: str | None = None

    def judge(self, policy: str, given: str) -> Said:
        """The package's value; a failure where the policy is refused or an error is raised."""
        if policy != self.source:
            self.source, (self.core, self.fault) = policy, _core(policy)
        if self.core is None:
            return Said(failure=self.fault)
        try:
            engine = embedded.load([(PATH, self.core)])
            engine.set_input_json(given)
            (value,) = embedded.query(engine, f"data.{PACKAGE.replace('/', '.')}")
        except PolicyError as error:
            return Said(failure=error.message)
        return Said(_comparable(value))


def _core(policy: str) -> tuple[str | None, str | None]:
    """The policy rewritten, or why it is refused."""
    try:
        made = embedded.examined([(PATH, policy)])[PATH]
    except PolicyError as error:
        return None, error.message
    for found in made.unfaithful:
        return None, embedded.unfaithful(PATH, found).message
    return made.text, None


Outcome = Literal["same", "both fail", "refused", "differs", "missed", "uncompiled", "unsafe"]
"""What comes of both: the same answer; none of either; an answer of OPA only; another answer; one
of the embedded engine where OPA fails, does not compile the policy for its types, or for its
variables."""
WRONG: Collection[Outcome] = ("differs", "missed", "unsafe")


@dataclass(frozen=True, slots=True)
class Engines:
    opa: Opa
    embedded: Embedded

    def compare(self, policy: str, given: str) -> tuple[Outcome, Said, Said]:
        """The outcome, what the embedded engine says, and what OPA says."""
        ours = self.embedded.judge(policy, given)
        theirs = self.opa.judge(policy, given)
        return _outcome(ours, theirs), ours, theirs


def _outcome(ours: Said, theirs: Said) -> Outcome:
    if ours.failure is not None:
        return "refused" if theirs.failure is None else "both fail"
    if not theirs.compiles:
        return "unsafe" if UNSAFE.search(theirs.failure or "") else "uncompiled"
    if theirs.failure is not None:
        return "missed"
    return "same" if ours == theirs else "differs"


def hunt(engines: Engines, seeds: Iterable[int]) -> Hunt:
    """Tries a policy for each seed, on several inputs, the next where one is wrong."""
    found = Hunt()
    for seed in seeds:
        random = Random(seed)
        node = random_rego.policy(random)
        for _ in range(INPUTS):
            given = policy_input(random)
            outcome, ours, _ = engines.compare(text(node), input_text(given))
            found.outcomes[outcome] += 1
            if outcome == "refused":
                found.reasons[(ours.failure or "")[:60]] += 1
            if outcome in WRONG:
                found.shown.append(f"seed {seed}, {shown(engines, node, given)}")
                break
    return found


@dataclass(slots=True)
class Hunt:
    """What was found: outcomes, the reasons of refusals, and the differences as text."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    shown: list[str] = field(default_factory=list)


def shown(engines: Engines, node: Node, given: Any) -> str:
    """A difference, made smaller."""
    outcome, _, before = engines.compare(text(node), input_text(given))

    def differ(less: Node, less_given: Any) -> bool:
        now, _, theirs = engines.compare(text(less), input_text(less_given))
        return now == outcome and _kind(theirs) == _kind(before)

    node, given = shrink(node, given, differ)
    _, ours, theirs = engines.compare(text(node), input_text(given))
    policy = text(node).removeprefix(random_rego.METADATA)
    said = theirs.failure or theirs.value
    lines = [f"{outcome}:", policy, f"input: {input_text(given)}", f"OPA: {said}"]
    return "\n".join([*lines, f"embedded: {ours.value}"])


def _kind(said: Said) -> str:
    """What a message is about, without what it quotes: shrinking keeps to one kind of error."""
    return re.sub(r"\"[^\"]*\"|\b\w\b|__\w+|\d+", "", said.failure or "")[:60]


@pytest.fixture(scope="module")
def found(opa: Opa) -> Hunt:
    return hunt(Engines(opa, Embedded()), range(SEED, SEED + POLICIES))


def test_no_random_policy_is_judged_otherwise_than_by_opa(found: Hunt) -> None:
    assert not found.shown, "\n\n".join(found.shown)


def test_most_of_what_opa_judges_is_accepted(found: Hunt) -> None:
    answered = found.outcomes["same"] + found.outcomes["refused"]
    assert found.outcomes["same"] > ACCEPTED * answered, found
    assert answered > found.outcomes.total() / 3, found


class Raw(Embedded):
    """The engine as it is: without the rewriting."""

    def judge(self, policy: str, given: str) -> Said:
        self.source = self.core = policy
        return super().judge(policy, given)


def test_a_difference_is_found_and_made_smaller(opa: Opa) -> None:
    """One that the engine without the rewriting has: the last resource takes all findings away."""
    loop = Node("text", ("some r in input.resources",))
    body = Node("body", (loop, Node("text", ("r != 1",)), Node("text", ("r",))))
    deny = Node("text", ("deny contains r.name if {\n\t", body, "\n}"))
    node = Node("module", ("package gate.random.policy", Node("text", ("h0 := 1",)), deny))
    given = {"resources": [{"name": "a"}, {"name": "b"}, {"other": 1}], "more": "x"}
    engines = Engines(opa, Raw())
    assert engines.compare(text(node), input_text(given))[0] == "differs"
    told = shown(engines, node, given)
    assert "h0" not in told
    assert "!=" not in told
    assert "more" not in told
    assert told.endswith("embedded: {'deny': []}")
