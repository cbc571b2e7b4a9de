"""The entry in `.pre-commit-config.yaml`: put at the end of what is there, or only shown."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.adoption.init import hook
from tests.support.tools import ROOT

OTHER = """\
# our hooks
repos:  # all of them
- repo: https://example.org/x
  rev: v1
  hooks: [{id: x}]  # the last
"""


def test_the_hooks_are_those_that_there_are() -> None:
    known = {each["id"] for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    (entry,) = yaml.safe_load(hook.new())["repos"]
    assert {each["id"] for each in entry["hooks"]} == set(hook.HOOKS) <= known


def test_every_stage_of_the_hooks_is_installed() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    stages = {stage for each in hooks if each["id"] in hook.HOOKS for stage in each["stages"]}
    assert set(yaml.safe_load(hook.new())["default_install_hook_types"]) == stages - {"manual"}


@pytest.mark.parametrize(
    "text",
    [
        OTHER,
        OTHER.removesuffix("\n"),
        OTHER.replace("\n", "\r\n"),
        OTHER.replace("\n- repo", "\n  - repo")
        .replace("\n  rev", "\n    rev")
        .replace("\n  hooks", "\n    hooks"),
        "repos:\n- repo: local\n  hooks:\n    - id: x\n      name: x\n      entry: x\n"
        "      language: system\n# the end\n",
        "ci: {skip: [x]}\nrepos:\n  -   repo: meta\n      hooks:\n      -   id: identity\n",
    ],
)
def test_it_is_put_at_the_end_and_nothing_else_is_touched(text: str) -> None:
    data = text.encode()
    after = hook.appended(data)
    assert after is not None
    assert after.startswith(data)
    before, now = yaml.safe_load(data), yaml.safe_load(after)
    assert now["repos"][:-1] == before["repos"]
    assert {**now, "repos": before["repos"]} == before
    assert hook.has_hook(after)
    assert not hook.has_hook(data)


@pytest.mark.parametrize(
    "text",
    [
        "repos: []\n",
        "repos: [{repo: meta, hooks: [{id: identity}]}]\n",
        "repos:\n- repo: meta\n  hooks: [{id: identity}]\nfail_fast: true\n",
        "repos:\n- repo: meta\n  hooks: [{id: identity}]\n...\n",
        "repos:\n- repo: meta\n  hooks: [\n",
        "repos:\n- repo: meta\n---\nrepos: []\n",
        "repos:\n- repo: meta\n  exclude: |\n    x\n   \n",
        "- repo: old\n",
        "repos: text\n",
        "",
        "\x00",
    ],
)
def test_a_file_that_leaves_no_place_is_left(text: str) -> None:
    after = hook.appended(text.encode())
    assert after is None or yaml.safe_load(after)["repos"][:-1] == yaml.safe_load(text)["repos"]
    if not text.startswith("repos:\n- repo: meta\n  exclude"):
        assert after is None


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="repos:-# \n[]{}|>&*'\"meta", max_size=60))
def test_whatever_is_there_keeps_its_meaning(text: str) -> None:
    data = f"repos:\n- repo: x\n{text}".encode()
    after = hook.appended(data)
    if after is not None:
        assert after.startswith(data)
        assert hook.has_hook(after)


def test_a_hook_in_a_local_repo_counts() -> None:
    assert hook.has_hook(b"repos:\n- repo: local\n  hooks:\n  - id: gate-check\n")
    assert not hook.has_hook(b"repos:\n- repo: local\n  hooks: gate-check\n")
