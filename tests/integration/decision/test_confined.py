"""Hostile and unlucky Rego ends its own process, never this one, and is named."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gate.decision.engines import confined
from gate.decision.engines.embedded import Embedded
from gate.decision.limits import Limits
from gate.errors import EngineError, PolicyError
from gate.model.policy import Bundle
from tests.support.rules import load
from tests.support.trees import MemoryTree
from tests.unit.decision.cases import context, module, outcome, resource, verdict

LIMITS = Limits(seconds=10)
HASTY = Limits(seconds=2)
GOOD = module("team.good", 'deny contains "kept"')
LOOP = """\
deny contains "x" if {
	some a in numbers.range(1, 30000)
	some b in numbers.range(1, 30000)
	some c in numbers.range(1, 30000)
	a + b + c < 0
}
"""


def of_repository(**rules: str) -> Bundle:
    """The bundle of a repository with a rule that is fine, and others by their bodies."""
    files = {"policies/team/good.rego": GOOD}
    for name, body in rules.items():
        files[f"policies/team/{name}.rego"] = module(f"team.{name}", body)
    return load(["policies"], MemoryTree(dict(files)))


@pytest.mark.parametrize(
    ("body", "why", "limits"),
    [
        ("deny contains x if some x in numbers.range(1, 1000000000)", "2 GB of memory", LIMITS),
        (
            "deny contains x if x := f0(1)\n\n"
            + "\n\n".join(f"f{i}(n) := f{i + 1}(n)" for i in range(6000))
            + "\n\nf6000(n) := n",
            "ran out of stack",
            LIMITS,
        ),
        (LOOP, "took longer than the 2 s", HASTY),
    ],
    ids=["memory", "chain", "loop"],
)
def test_a_rule_that_ends_its_process_is_named_and_the_others_are_kept(
    body: str, why: str, limits: Limits
) -> None:
    bundle = of_repository(bad=body, zebra='deny contains "kept too"')
    answer = Embedded(limits=limits).evaluate(bundle, {})
    assert set(answer.failures) == {"team.bad"}
    assert why in answer.failures["team.bad"].message
    assert answer.results == {
        "team.good": {"deny": ["kept"]},
        "team.zebra": {"deny": ["kept too"]},
    }


def test_the_verdict_is_an_error_with_the_rules_place() -> None:
    chain = "".join(f"f{i}(n) := f{i + 1}(n)\n\n" for i in range(6000))
    bundle = of_repository(bad=f"deny contains x if x := f0(1)\n\n{chain}f6000(n) := n")
    made = context(bundle, [resource("a", {}, {})])
    found = verdict(bundle, made)
    assert (found.verdict, found.exit_code) == ("error", 2)
    assert [each.message for each in found.findings] == ["kept"]
    reason = outcome(found, "team.bad").reason
    assert reason is not None
    assert reason.startswith("policies/team/bad.rego:6: Its evaluation ran out of stack")


def test_when_the_time_is_used_up_the_rest_is_said_not_to_be_judged() -> None:
    bundle = of_repository(a=LOOP, b=LOOP, c=LOOP, d=LOOP, zebra='deny contains "x"')
    answer = Embedded(limits=replace(LIMITS, seconds=1)).evaluate(bundle, {})
    assert "took longer" in answer.failures["team.a"].message
    assert "other rules took all the time" in answer.failures["team.zebra"].message
    assert set(answer.failures) | set(answer.results) == set(bundle.rules)


def test_rules_that_are_too_much_only_together_are_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judging = confined._judging

    def little_time_for_all(do: Any, program: Any, limits: Limits) -> Any:
        little = replace(limits, seconds=0.001)
        return judging(do, program, little if do == "evaluate" else limits)

    bundle = of_repository(a='deny contains "x"')
    monkeypatch.setattr(confined, "_judging", little_time_for_all)
    with pytest.raises(PolicyError, match="Evaluating all policies together took longer"):
        Embedded(limits=LIMITS).evaluate(bundle, {})


@pytest.mark.parametrize(
    "body",
    [
        "deny contains x if x := " + "[" * 40 + "]" * 40,
        "deny contains x if x := " + "{" * 60 + "}" * 60,
    ],
)
def test_parsing_without_end_is_ended_and_the_file_is_named(body: str) -> None:
    modules = [
        ("policies/team/good.rego", GOOD),
        ("policies/team/bad.rego", module("team.bad", body)),
    ]
    with pytest.raises(PolicyError, match="Parsing this policy took longer than the 1 s") as caught:
        confined.parse(modules, replace(LIMITS, seconds=1))
    assert caught.value.path == "policies/team/bad.rego"
    assert "Stack" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "line", "what"),
    [
        ("deny contains x if x := f(1)\n\nf(n) := f(n + 1)", 10, "recursion"),
        ("deny contains `x` if not input.a[_] == 1", 8, "`_` behind `not`"),
    ],
)
def test_what_no_engine_takes_is_no_matter_of_the_engine(body: str, line: int, what: str) -> None:
    with pytest.raises(PolicyError, match="No engine takes this") as caught:
        Embedded(limits=LIMITS).evaluate(of_repository(bad=body), {})
    assert (caught.value.path, caught.value.line) == ("policies/team/bad.rego", line)
    assert what in caught.value.message
    assert "--engine" not in caught.value.advice


@pytest.mark.parametrize(
    ("body", "line", "what"),
    [
        ("deny contains x if x > y", 8, "no statement gives a value"),
        ("deny contains x if {\n\tsome x, y\n\tinput.a[x] == y\n\tinput.b[y] == x\n}", 10, "value"),
    ],
    ids=["unsafe", "order"],
)
def test_what_the_engine_may_judge_otherwise_is_refused_with_its_line(
    body: str, line: int, what: str
) -> None:
    bundle = of_repository(bad=body)
    with pytest.raises(PolicyError, match="may judge this otherwise than OPA") as caught:
        Embedded(limits=LIMITS).evaluate(bundle, {})
    assert (caught.value.path, caught.value.line) == ("policies/team/bad.rego", line)
    assert what in caught.value.message
    assert "--engine opa" in caught.value.advice


def test_prints_are_quiet_and_do_no_harm() -> None:
    bundle = of_repository(prints='deny contains "x" if print("hello", input)')
    assert Embedded(limits=LIMITS).evaluate(bundle, {}).results["team.prints"] == {"deny": ["x"]}


def test_an_answer_that_is_too_large_is_an_error() -> None:
    bundle = of_repository(
        big='deny contains sprintf("%d", [i]) if some i in numbers.range(1, 9999)'
    )
    with pytest.raises(PolicyError, match="answer with more than 0 MB"):
        Embedded(limits=replace(LIMITS, answer=10_000)).evaluate(bundle, {})


def test_no_child_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    class Seen(subprocess.Popen[bytes]):
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **more)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Seen)
    bundle = of_repository(bad=LOOP)
    Embedded(limits=replace(LIMITS, seconds=1)).evaluate(bundle, {})
    # Three to parse, examine and judge together, two to judge each by itself.
    assert [each.returncode is None for each in started] == [False] * 5


def test_the_child_has_nothing_of_the_callers_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROM_TOKEN", "secret")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "regorus.py").write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)
    bundle = of_repository(reads='deny contains "x" if true')
    assert Embedded(limits=LIMITS).evaluate(bundle, {}).results["team.good"] == {"deny": ["kept"]}


def test_a_child_that_cannot_start_is_the_tools_own_failure(monkeypatch: Any) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(EngineError, match="cannot be started"):
        confined.parse([("a/b.rego", GOOD)], LIMITS)


NOISY = """\
import sys
from pathlib import Path
from unittest import mock
from gate.decision import bundle as bundles
from gate.decision.engines.embedded import Embedded
from gate.errors import PolicyError

with mock.patch.object(bundles, "_builtin_folder", return_value=Path(sys.argv[1])):
    bundle = bundles.load(True)
try:
    Embedded().evaluate(bundle, {})
except PolicyError as error:
    print(error.path, error.message)
print("still heard", file=sys.stderr)
"""


@pytest.mark.parametrize(
    "body",
    [
        'deny contains "x" if print("noise")',
        "deny contains x if {\n\tsome x, y\n\tinput.a[x] == y\n\tinput.b[y] == x\n}",
        "deny contains x if x > y",
    ],
)
def test_nothing_of_the_engine_reaches_the_terminal(body: str, tmp_path: Path) -> None:
    file = tmp_path / "team" / "noisy.rego"
    file.parent.mkdir()
    file.write_text(module("team.noisy", body))
    done = subprocess.run(
        [sys.executable, "-c", NOISY, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stderr == "still heard\n"
    assert "Stack" not in done.stdout
    if "print" not in body:
        assert "builtin:team/noisy.rego" in done.stdout


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("print('{\"memory\": true}')", "took more than the 2 GB"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", "took longer than the 10 s"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "was ended by SIGTERM"),
    ],
)
def test_every_way_to_die_has_words(code: str, why: str, impostor: Any) -> None:
    impostor(code)
    with pytest.raises(PolicyError, match=why):
        confined.parse([("a/b.rego", GOOD)], LIMITS)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise SystemExit('no module regorus')", "no module regorus"),
        ("raise SystemExit(3)", "no reason"),
    ],
)
def test_a_child_that_fails_by_itself_is_the_tools_failure(
    code: str, why: str, impostor: Any
) -> None:
    impostor(code)
    with pytest.raises(EngineError, match=why):
        confined.parse([("a/b.rego", GOOD)], LIMITS)


@pytest.fixture
def impostor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Puts another program in the place of the interpreter."""

    def put(code: str) -> None:
        program = tmp_path / "python"
        program.write_text(f"#!{sys.executable} -S\nimport sys\nsys.stdin.read()\n{code}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))

    return put


def test_an_interrupt_of_the_parent_ends_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []

    class Interrupted(subprocess.Popen[bytes]):
        def communicate(self, *_: Any, **__: Any) -> Any:
            started.append(self)
            raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        confined.parse([("a/b.rego", GOOD)], LIMITS)
    (child,) = started
    assert child.returncode == -9
    for pipe in (child.stdin, child.stdout):
        pipe.close()
