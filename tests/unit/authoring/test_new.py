"""A new rule: what is written, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from gate.authoring.files import read
from gate.authoring.folders import for_new, own, unnamed
from gate.authoring.lint import lint
from gate.authoring.new import write
from gate.decision import bundle
from gate.decision.limits import DEFAULT
from gate.errors import UsageError
from gate.model.config import EVIDENCE_KINDS, Level
from gate.model.policy import PolicyFiles

RULE, TEST = "policies/team/owner_label.rego", "policies/team/owner_label_test.rego"


def written(top: Path, *, requires: Sequence[str] = (), level: Level = "warn") -> dict[str, str]:
    write("team.owner_label", top / "policies", requires=requires, level=level)
    return {
        file.relative_to(top).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(top.rglob("*.rego"))
    }


@pytest.mark.parametrize("requires", [(), ("slo",), EVIDENCE_KINDS], ids=["none", "one", "all"])
def test_what_is_written_loads_and_is_clean(requires: Sequence[str], tmp_path: Path) -> None:
    texts = written(tmp_path, requires=requires, level="deny")
    assert set(texts) == {RULE, TEST}
    rule = bundle.load(False, [PolicyFiles(texts)]).rules["team.owner_label"]
    assert (rule.title, rule.level, rule.requires) == ("Owner label", "deny", tuple(requires))
    assert lint(read([str(tmp_path / "policies")], DEFAULT.file)) == []


@pytest.mark.parametrize("taken", [RULE, TEST])
def test_nothing_is_overwritten(taken: str, tmp_path: Path) -> None:
    (tmp_path / taken).parent.mkdir(parents=True)
    (tmp_path / taken).write_text("mine")
    with pytest.raises(UsageError, match="is there already") as raised:
        written(tmp_path)
    assert raised.value.exit_code == 2
    assert [file.read_text() for file in tmp_path.rglob("*.rego")] == ["mine"]


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / RULE).parent.mkdir(parents=True)
    (tmp_path / RULE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="is there already"):
        written(tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_where_nothing_can_be_written_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "policies").write_text("a file")
    with pytest.raises(UsageError, match="cannot be written"):
        written(tmp_path)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("owner_label", "Name the area and the rule"),
        ("team.owner.label", "Name the area and the rule"),
        ("Team.OwnerLabel", "team.owner_label"),
        ("team.owner-label", "team.owner_label"),
        ("team.2fast", "slo.budget_low"),
        ("team.", "slo.budget_low"),
        ("../x.y", "Name the area and the rule"),
        ("team/x.y", "team_x.y"),
        ("team.default", "another word"),
        ("lib.words", "another area"),
        ("team.owner_test", "another name"),
        ("workload.image_pinned", "gate explain workload.image_pinned"),
    ],
)
def test_a_name_that_no_rule_can_have_is_refused(name: str, advice: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        write(name, tmp_path, requires=(), level="warn")
    assert advice in raised.value.advice
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("config", "folder", "step"),
    [
        (None, "policies", "write `policies: [builtin, policies/]` in .gate.yaml"),
        ("policies: [builtin, rules/]", "rules", None),
        ("policies: [builtin, rules]", "rules", None),
        ("mode: advisory", "policies", "write `policies: [builtin, policies/]` in .gate.yaml"),
        ("policies: [one/a.rego]", "policies", "add `policies/` to `policies` in .gate.yaml"),
    ],
)
def test_the_folder_is_that_of_the_config(
    config: str | None, folder: str, step: str | None, tmp_path: Path
) -> None:
    if config is not None:
        (tmp_path / ".gate.yaml").write_text(config)
    place = for_new(tmp_path, None)
    assert Path(place.folder) == tmp_path / folder
    assert place.step == step


def test_a_folder_within_a_listed_one_need_not_be_added(tmp_path: Path) -> None:
    (tmp_path / ".gate.yaml").write_text("policies: [rules/]")
    assert for_new(tmp_path, str(tmp_path / "rules" / "more")).step is None
    step = for_new(tmp_path, str(tmp_path / "more")).step
    assert step == "add `more/` to `policies` in .gate.yaml"


def test_the_own_policies_are_those_that_the_config_names(tmp_path: Path) -> None:
    told: list[str] = []
    for name in ("policies", "rules"):
        (tmp_path / name).mkdir()
    assert own(tmp_path, None, told.append) == [str(tmp_path / "policies")]
    (tmp_path / ".gate.yaml").write_text("policies: [builtin, rules/]")
    assert own(tmp_path, None, told.append) == [str(tmp_path / "rules")]
    (tmp_path / ".gate.yaml").write_text("policies: [none/]")
    with pytest.raises(UsageError, match=r"There is no folder `.*none`"):
        own(tmp_path, None, told.append)
    (tmp_path / ".gate.yaml").write_text("policies: [none.rego]")
    with pytest.raises(UsageError, match=r"There is no file `.*none\.rego`"):
        own(tmp_path, None, told.append)
    assert told == []


def test_a_bundle_is_none_of_the_own_policies_with_its_digest_either(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    pinned = f"team.tar.gz#sha256={'0' * 64}"
    (tmp_path / ".gate.yaml").write_text(f'policies: ["{pinned}", team.tar.gz, rules/]')
    assert own(tmp_path, None, lambda _: None) == [str(tmp_path / "rules")]


def test_what_is_written_for_conftest_is_left_out_and_named(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "rules").mkdir()
    (tmp_path / ".gate.yaml").write_text("policies: [rules/, {conftest: theirs/}]")
    assert own(tmp_path, None, told.append) == [str(tmp_path / "rules")]
    (notice,) = told
    assert notice.startswith("Left out, since it is written for conftest: theirs")


def test_the_folder_of_policies_that_no_config_names(tmp_path: Path) -> None:
    assert unnamed(tmp_path) is None
    (tmp_path / "policies" / "team").mkdir(parents=True)
    assert unnamed(tmp_path) is None
    (tmp_path / "policies" / "team" / "a.rego").touch()
    assert unnamed(tmp_path) == str(tmp_path / "policies")
    (tmp_path / ".gate.yaml").write_text("policies: [builtin]")
    assert unnamed(tmp_path) is None
