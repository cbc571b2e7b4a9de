"""The pictures of the documentation show what the commands say now. To draw them anew:
`python -m tests.support.pictured`; then look at them."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree as ET

import pytest

from gate.cli.demo import make_shop
from tests.support.pictured import SURFACES, TERMINALS
from tests.support.tools import ROOT

PICTURES = ROOT / "docs" / "pictures"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures") / "shop"
    make_shop(folder)
    return folder


def script(name: str) -> ModuleType:
    """A script of the folder of pictures."""
    spec = importlib.util.spec_from_file_location(f"pictures_{name}", PICTURES / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def words(svg: str) -> list[str]:
    texts = (
        "".join(node.itertext())
        for node in ET.fromstring(svg).iter()
        if node.tag.endswith("text") or node.tag.endswith("foreignObject")
    )
    return " ".join(texts).replace("\xa0", " ").split()


def committed(name: str) -> str:
    svg = (PICTURES / f"{name}.svg").read_text(encoding="utf-8")
    assert not re.search(r"(?:href|src)=|url\((?!#)|@import|@font-face|<script", svg)
    return svg


@pytest.mark.parametrize("name", TERMINALS)
def test_a_terminal_shows_what_the_command_says(shop: Path, tmp_path: Path, name: str) -> None:
    title, run = TERMINALS[name]
    made = script("make").picture(run(shop, tmp_path / name), title)
    assert words(committed(name)) == words(made)


@pytest.mark.parametrize("name", SURFACES)
def test_a_surface_shows_what_the_command_says(shop: Path, tmp_path: Path, name: str) -> None:
    made = script("surfaces").draw(name, SURFACES[name](shop, tmp_path))
    assert committed(name) == made


@pytest.mark.parametrize("name", [*TERMINALS, *SURFACES])
def test_a_picture_stands_in_a_page_with_words_for_it(name: str) -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    (found, *_) = re.findall(rf"!\[([^\]]+)\]\((?:docs/)?pictures/{name}\.svg\)", pages)
    assert len(found) > 20, "it says what is seen, for those who do not see it"


def test_text_cannot_break_out_of_a_picture() -> None:
    surfaces = script("surfaces")
    evil = "a</b></div><script>x</script> & ]]> \u202e"
    finding = {
        "rule": evil,
        "message": evil,
        "remediation": evil,
        "status": "new",
        "location": {"path": "a.yaml", "line": 1, "side": "new"},
    }
    diff = f"--- a/a.yaml\n+++ b/a.yaml\n@@ -0,0 +1 @@\n+{evil}\n"
    svg = surfaces.annotations({"findings": [finding]}, diff)
    root = ET.fromstring(svg)
    assert not [node for node in root.iter() if node.tag.endswith("script")]
