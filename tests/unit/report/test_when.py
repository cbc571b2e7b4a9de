"""What `gate when` says, as text and as JSON: each snapshot is what a reader gets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import jsonschema
import pytest
from syrupy.assertion import SnapshotAssertion

from gate import schemas
from gate.model.manifest import Location
from gate.model.outlook import Obstacle, Outlook, Passing
from gate.report import when_json
from gate.report.look import Look
from gate.report.when import render

from .samples import PASSED, deny, evidence_missing, hostile

FROZEN = Obstacle(
    level="deny",
    message='checkout in production is frozen by "Weekend" until 2026-11-23 08:00 UTC',
    ends="certain",
    rule="freeze.active",
    service="checkout",
    at="2026-11-23T08:00:00Z",
    how="The freeze ends.",
)
LATER = replace(
    FROZEN,
    message='checkout in production is frozen by "Launch" until 2026-11-24 08:00 UTC',
    begins="2026-11-23T07:00:00Z",
    at="2026-11-24T08:00:00Z",
)
SPENT = Obstacle(
    level="deny",
    message="checkout in production: -12 % of the error budget of availability is left",
    ends="projection",
    rule="slo.budget_exhausted",
    service="checkout",
    at="2026-11-23T14:00:00Z",
    how="The budget recovers as errors leave its window.",
)
UNPINNED = Obstacle(
    level="deny",
    message="The image of container app has the tag latest and no digest.",
    ends="person",
    rule="workload.image_pinned",
    resource="apps/Deployment/shop/checkout",
    service="checkout",
    location=Location("apps/checkout.yaml", 12, 11),
    how="Name the image by its digest.",
)
DOWN = Obstacle(
    level="undecided",
    message="freeze of checkout in production is unavailable: it answered 503",
    ends="person",
    rule="freeze.active",
    service="checkout",
    how="Let the source of the evidence answer, or configure one.",
)
AT_LAST = Passing("2026-11-24T08:00:00Z", "projection", "pass", "2026-11-27T17:00:00Z")
PASSES = Outlook(
    verdict=PASSED,
    earliest=Passing(PASSED.evaluated_at, "certain", "pass"),
    without=None,
    obstacles=(),
    known_until=None,
    reasons=(),
    judgements=1,
)
WAITS = replace(
    PASSES,
    verdict=deny(),
    earliest=AT_LAST,
    obstacles=(FROZEN, SPENT, LATER),
    known_until="2027-02-22T10:00:00Z",
    judgements=7,
)
SAMPLES: Mapping[str, Callable[[], Outlook]] = {
    "passes": lambda: PASSES,
    "passes_until": lambda: replace(
        PASSES, earliest=Passing(PASSED.evaluated_at, "certain", "pass", "2026-11-27T17:00:00Z")
    ),
    "waits": lambda: WAITS,
    "certain": lambda: replace(
        WAITS, earliest=replace(AT_LAST, rests_on="certain", until=None), obstacles=(FROZEN, LATER)
    ),
    "person": lambda: replace(
        WAITS,
        earliest=None,
        without=AT_LAST,
        obstacles=(FROZEN, SPENT, LATER, UNPINNED),
        reasons=("1 obstacle ends only by what a person does",),
    ),
    "only_persons": lambda: replace(
        WAITS,
        earliest=None,
        without=Passing(PASSED.evaluated_at, "certain", "pass"),
        obstacles=(UNPINNED, replace(UNPINNED, message="Another image.", location=None)),
    ),
    "unknown": lambda: replace(
        WAITS,
        earliest=None,
        without=Passing(PASSED.evaluated_at, "certain", "pass"),
        obstacles=(
            replace(SPENT, ends="unknown", at=None),
            replace(FROZEN, rule="team.wrong", ends="unknown", how=None),
        ),
    ),
    "beyond": lambda: replace(
        WAITS,
        earliest=None,
        obstacles=(FROZEN,),
        reasons=("what comes after the end of the calendars is not known",),
    ),
    "undecided": lambda: replace(
        WAITS,
        verdict=evidence_missing(),
        earliest=None,
        without=Passing(PASSED.evaluated_at, "certain", "pass"),
        obstacles=(DOWN, replace(DOWN, rule="freeze.soon")),
    ),
    "beside": lambda: replace(
        WAITS,
        verdict=evidence_missing(),
        earliest=None,
        without=Passing(PASSED.evaluated_at, "certain", "pass"),
        obstacles=(Obstacle("undecided", "2 files could not be read", "person"),),
    ),
    "many": lambda: replace(
        WAITS,
        earliest=None,
        without=AT_LAST,
        obstacles=tuple(replace(UNPINNED, message=f"Image {n}.") for n in range(12)),
    ),
    "advisory": lambda: replace(WAITS, verdict=replace(deny(), mode="advisory", offline=True)),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_what_people_see(name: str, snapshot: SnapshotAssertion) -> None:
    assert render(SAMPLES[name](), Look(width=80)) == snapshot


@pytest.mark.parametrize("look", [Look(quiet=True), Look(verbose=1), Look(color=True), Look(44)])
def test_how_it_may_look(look: Look, snapshot: SnapshotAssertion) -> None:
    assert render(SAMPLES["person"](), look) == snapshot


@pytest.mark.parametrize("name", SAMPLES)
def test_what_machines_see_is_valid_by_the_published_schema(name: str) -> None:
    written = when_json.render(SAMPLES[name](), Look(color=True, quiet=True))
    assert written.isascii()
    jsonschema.Draft202012Validator(schemas.load("when")).validate(json.loads(written))


def test_the_keys_stand_in_the_order_of_the_schema() -> None:
    schema = schemas.load("when")
    written = when_json.to_data(SAMPLES["person"]())
    assert list(written) == list(schema["properties"]) == schema["required"]
    assert list(written["obstacles"][0]) == list(schema["$defs"]["obstacle"]["properties"])
    assert list(written["without"]) == list(schema["$defs"]["passing"]["properties"])


def test_text_of_a_change_cannot_steer_the_terminal() -> None:
    evil = "\x1b[2J\u202e\n" + hostile().description
    obstacles = (
        replace(UNPINNED, message=evil, rule=evil, how=evil, resource=evil, location=None),
        replace(DOWN, message=evil, rule=None, how=evil),
    )
    shown = render(replace(WAITS, verdict=hostile(), obstacles=obstacles), Look(verbose=1))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", shown)
    json.dumps(
        when_json.to_data(replace(WAITS, verdict=hostile(), obstacles=obstacles)),
        ensure_ascii=False,
    ).encode()
