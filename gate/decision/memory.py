"""An engine that remembers: what no other time can change is asked once.

A rule that reads neither evidence nor the clock says the same of the same change at all times.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any

from gate.decision import bundle as bundles
from gate.decision.engines.interface import Engine
from gate.model.policy import Answer, Bundle, Module

_TIMED_KEYS = ("now", "evidence")
_KEY = r"""(?:\.|\[\s*["`]|,\s*\[?\s*["`])\s*"""
_CLOCK = re.compile(rf"\binput\s*{_KEY}(?:now|evidence)\b")
"""Reads the clock or evidence."""
_WHOLE = re.compile(rf"(?<![.\w])input\b(?!\s*{_KEY}\w)")
"""Takes the input as a whole, or by a name that nobody sees here."""
_UNSEEN = re.compile(r"(?<![.\w])data\b(?!\.\w)|\bimport\s+data(?:\.gate(?:\.lib)?)?(?![.\w])")
"""The same of other modules."""
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_PACKAGE = re.compile(r"^package\s+(\S+)", re.MULTILINE)
_NAME = re.compile(r"""[.\["`](\w+)""")


class Remembering:
    """Implements `gate.decision.engines.interface.Engine` for one bundle and parts of it, by
    another engine. The policy inputs that it is given may be many; those that differ in `now` and
    `evidence` alone are asked only of the rules that look at these."""

    def __init__(self, engine: Engine, bundle: Bundle, active: Collection[str]) -> None:
        self._engine = engine
        self._bundle = bundle
        self._active = frozenset(active)
        self._known: list[tuple[Mapping[str, Any], Answer]] = []

    def about(self, bundle: Bundle, /) -> Mapping[str, str]:
        return self._engine.about(bundle)

    def close(self) -> None:
        """The engine is its owner's to close."""

    def evaluate(self, bundle: Bundle, policy_input: Mapping[str, Any]) -> Answer:
        rest = {key: each for key, each in policy_input.items() if key not in _TIMED_KEYS}
        known = next((answer for given, answer in self._known if given == rest), None)
        if known is None or not bundle.rules.keys() - self.timed <= _rules(known):
            answer = self._engine.evaluate(bundle, policy_input)
            self._known.append((rest, answer))
            return answer
        timed = bundle.rules.keys() & self.timed
        fresh = self._engine.evaluate(self._narrow, policy_input) if timed else Answer({})
        return Answer(
            _of(bundle, {**_without(known.results, timed), **fresh.results}),
            _of(bundle, {**_without(known.failures, timed), **fresh.failures}),
        )

    @cached_property
    def timed(self) -> frozenset[str]:
        """The active rules whose answer another time can change: those that require evidence, and
        those that read evidence or the clock, themselves or through another module."""
        requiring = {rule.id for rule in self._bundle.rules.values() if rule.requires}
        homeless = self._bundle.rules.keys() - {module.rule for module in self._bundle.modules}
        reading = _reading(self._bundle, _CLOCK) | _reading(self._bundle, _WHOLE, own=False)
        return self._active & (requiring | homeless | reading)

    @cached_property
    def clocked(self) -> frozenset[str]:
        """The active rules that read the clock or evidence by name."""
        return self._active & _reading(self._bundle, _CLOCK)

    @cached_property
    def _narrow(self) -> Bundle:
        """The bundle that is asked again and again: always the same, so that a local OPA is not
        started anew each time. Rules of the wheel are judged alone where the embedded engine would
        start a process for others."""
        asked = bundles.only(self._bundle, self.timed)
        if self._engine.about(self._bundle)["name"] != "embedded":
            return asked
        return alone(self._bundle, self.timed) or asked


def alone(bundle: Bundle, rules: Collection[str]) -> Bundle | None:
    """A bundle of some rules and of what they may read, where all of it is of the wheel."""
    kept = _reached(bundle, rules)
    if any(module.origin != "builtin" for module in kept):
        return None
    asked = bundles.only(bundle, rules)
    digest = bundles.digest(kept)
    return replace(
        asked,
        modules=kept,
        digest=digest,
        entry=bundles.entry(asked.rules, digest),
        data={},
        unfaithful={},
        core={},
        files=(),
    )


def _reading(bundle: Bundle, pattern: re.Pattern[str], *, own: bool = True) -> set[str]:
    """The rules in which, or in a module that they may read, the pattern is found; without `own`,
    modules of the wheel are not looked at."""
    telling = {
        id(module)
        for module in bundle.modules
        if (own or module.origin != "builtin") and pattern.search(_code(module.text))
    }
    return {
        rule
        for rule in bundle.rules
        if any(id(module) in telling for module in _reached(bundle, [rule]))
    }


def _reached(bundle: Bundle, rules: Collection[str]) -> list[Module]:
    """The modules of rules, and all that they may read: those whose package ends with a name that
    stands in them. Too many rather than too few."""
    names = {id(module): _package(module) for module in bundle.modules}
    waiting = [module for module in bundle.modules if module.rule in rules]
    reached = {id(module) for module in waiting}
    while waiting:
        named = _named(waiting.pop().text)
        for module in bundle.modules:
            if id(module) not in reached and (named is None or names[id(module)] in named):
                reached.add(id(module))
                waiting.append(module)
    return [module for module in bundle.modules if id(module) in reached]


@lru_cache(maxsize=512)
def _code(text: str) -> str:
    """Without comments."""
    return _COMMENT.sub("", text)


@lru_cache(maxsize=512)
def _named(text: str) -> frozenset[str] | None:
    """The names that a module may reach another by; None: any."""
    code = _code(text)
    return None if _UNSEEN.search(code) else frozenset(_NAME.findall(code))


def _package(module: Module) -> str:
    """The last part of its name."""
    found = _PACKAGE.search(module.text)
    return found[1].rpartition(".")[2] if found else ""


def _rules(answer: Answer) -> set[str]:
    return answer.results.keys() | answer.failures.keys()


def _of(bundle: Bundle, told: Mapping[str, Any]) -> dict[str, Any]:
    return {rule: each for rule, each in told.items() if rule in bundle.rules}


def _without(told: Mapping[str, Any], rules: Iterable[str]) -> dict[str, Any]:
    left = set(rules)
    return {rule: each for rule, each in told.items() if rule not in left}
