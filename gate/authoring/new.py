"""`gate policy new`: a rule, its metadata, a test that passes and one that fails until it is
edited."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gate.decision import bundle
from gate.errors import UsageError
from gate.model.config import Level

_WORD = re.compile(r"[a-z][a-z0-9_]*")
_KEYWORDS = (
    *("as", "contains", "data", "default", "else", "every", "false", "if", "import", "in"),
    *("input", "not", "null", "package", "set", "some", "true", "with"),
)
_KEPT = {"lib": "is the folder of libraries"}
_EXAMPLE = "slo.budget_low"


@dataclass(frozen=True, slots=True)
class Written:
    """The files that were written, as paths."""

    rule: Path
    test: Path


def write(name: str, folder: Path, *, requires: Sequence[str], level: Level) -> Written:
    """Writes the rule `area.rule` and its test below a folder. Raises UsageError for a name that no
    rule can have, or where a file is there already; then nothing is written."""
    area, rule = _parts(name)
    kinds = tuple(dict.fromkeys(requires))
    places = Written(folder / area / f"{rule}.rego", folder / area / f"{rule}_test.rego")
    for place in (places.rule, places.test):
        if place.exists() or place.is_symlink():
            raise UsageError(
                f"{place.as_posix()} is there already.",
                advice="Choose another name; nothing was written.",
            )
    made: list[Path] = []
    try:
        places.rule.parent.mkdir(parents=True, exist_ok=True)
        for place, text in (
            (places.rule, rule_text(area, rule, kinds, level)),
            (places.test, test_text(area, rule, kinds)),
        ):
            with place.open("x", encoding="utf-8", newline="\n") as file:
                made.append(place)
                file.write(text)
    except OSError as error:
        for place in made:
            place.unlink(missing_ok=True)
        raise UsageError(
            f"{error.filename} cannot be written: {error.strerror}.",
            advice="Name another folder with --folder.",
        ) from error
    return places


def _parts(name: str) -> tuple[str, str]:
    """The area and the rule of a name that a rule can have."""
    parts = name.split(".")
    if len(parts) != 2:
        raise UsageError(
            f"`{name}` is no rule's name.",
            advice=f"Name the area and the rule, like {_EXAMPLE}.",
        )
    odd = next((part for part in parts if not _WORD.fullmatch(part)), None)
    if odd is not None:
        near = ".".join(_snake(part) for part in parts)
        right = near if all(map(_WORD.fullmatch, near.split("."))) else _EXAMPLE
        raise UsageError(
            f"`{odd}` cannot be part of a rule's name: use small letters, digits and _.",
            advice=f"For instance {right}.",
        )
    area, rule = parts
    word = next((part for part in parts if part in _KEYWORDS), None)
    if word is not None:
        raise UsageError(f"`{word}` means something to Rego.", advice="Choose another word.")
    if area in _KEPT:
        raise UsageError(f"`{area}` {_KEPT[area]}.", advice="Name another area.")
    if rule.endswith("_test"):
        raise UsageError(
            "Files whose names end in _test hold tests.", advice="Choose another name."
        )
    if name in bundle.load(True).rules:
        raise UsageError(
            f"gate comes with a rule {name}.",
            advice=f"Choose another name; `gate explain {name}` shows it.",
        )
    return area, rule


def _snake(part: str) -> str:
    """`OwnerLabel` and `owner-label` as `owner_label`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", part)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def rule_text(area: str, rule: str, requires: Sequence[str], level: Level) -> str:
    """The rule, as `opa fmt` has it."""
    about = [
        "# METADATA",
        f"# title: {rule.replace('_', ' ').capitalize()}",
        "# description: |",
        "#   Say here why the rule is there: what goes wrong without it.",
        "# scope: package",
        "# custom:",
        f"#   level: {level}",
        "#   remediation: Say here what to do about a finding.",
        *([f"#   requires: [{', '.join(requires)}]"] if requires else []),
        f"package gate.{area}.{rule}",
        "",
    ]
    return "\n".join(about) + (_about_evidence(requires) if requires else _ABOUT_RESOURCES)


_ABOUT_RESOURCES = """
default applies := false

applies if some _ in _judged

deny contains finding if {
	some resource in _judged
	_is_wrong(resource)
	finding := {
		"message": sprintf("%s %s: say what is wrong.", [resource.kind, resource.name]),
		"resource": resource.id,
		"path": ["metadata", "annotations"],
	}
}

# The resources that the rule speaks of.
_judged contains resource if {
	some resource in input.resources
	resource.kind == "Deployment"
	resource.status != "deleted"
}

# What is wrong with one: here an annotation, as an example.
_is_wrong(resource) if resource.new.metadata.annotations["example.org/wrong"] == "yes"
"""


def _about_evidence(requires: Sequence[str]) -> str:
    values = [
        f"\t{kind} := input.evidence.{kind}[target.service][target.environment].value\n"
        for kind in requires
    ]
    asked = [f"\t{kind}.example\n" for kind in requires]
    body = f" {asked[0].strip()}\n" if len(asked) == 1 else f" {{\n{''.join(asked)}}}\n"
    return f"""
deny contains finding if {{
	some target in input.targets
{"".join(values)}	_is_wrong({", ".join(requires)})
	finding := {{
		"message": sprintf("%s in %s: say what is wrong.", [target.service, target.environment]),
		"service": target.service,
	}}
}}

# What is wrong: here that the evidence says `example`, as an example.
_is_wrong({", ".join(requires)}) if{body}"""


def test_text(area: str, rule: str, requires: Sequence[str]) -> str:
    """Its test, as `opa fmt` has it."""
    given = _evidence_given(requires) if requires else _RESOURCE_GIVEN
    well, wrong = ("{}", "{}") if requires else ('{"annotations": {}}', '{"annotations": {}}')
    subject = "`_input`" if requires else "the object"
    return f"""package gate.{area}.{rule}_test

import data.gate.{area}.{rule} as rule

{given}
test_nothing_is_found_where_all_is_well if {{
	count(rule.deny) == 0 with input as _input({well})
}}

# This test fails until you edit it. Give {subject} what the rule is to find, write the rule, and
# say here which message you expect.
test_what_is_wrong_is_found if {{
	some finding in rule.deny with input as _input({wrong})
	finding.message == "the message that you expect"
}}
"""


_RESOURCE_GIVEN = """_input(metadata) := {"resources": [{
	"id": "apps/Deployment/shop/cart",
	"kind": "Deployment",
	"name": "cart",
	"status": "added",
	"new": {"metadata": metadata},
}]}
"""


def _evidence_given(requires: Sequence[str]) -> str:
    kinds = "".join(
        f'\t\t"{kind}": {{"cart": {{"production": {{"status": "ok", "value": value}}}}}},\n'
        for kind in requires
    )
    if len(requires) == 1:
        evidence = f'\t"evidence": {{{kinds.strip().removesuffix(",")}}},\n'
    else:
        evidence = f'\t"evidence": {{\n{kinds}\t}},\n'
    return f"""_input(value) := {{
	"targets": [{{"service": "cart", "environment": "production", "tier": 1}}],
{evidence}}}
"""
