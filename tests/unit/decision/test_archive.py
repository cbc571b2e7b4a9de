"""OPA bundles: what is read from them, what is written, and everything that is refused."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.decision import bundle as bundles
from gate.decision.sources import archive, tarball
from gate.errors import PolicyError
from gate.model.policy import Module, PolicyFiles
from tests.unit.decision.cases import module

RULE = module("team.named", 'deny contains "x" if input.x')
OTHER = module("team.other", 'deny contains "x" if input.x')
LIBRARY = "package gate.lib.names\n\nfirst := 1\n"
MANIFEST = {"revision": "1", "roots": ["gate/team"]}
PATH = "team.tar.gz"


def entry(name: str, content: bytes = b"", **more: Any) -> tuple[tarfile.TarInfo, bytes]:
    found = tarfile.TarInfo(name)
    found.size = len(content)
    for key, value in more.items():
        setattr(found, key, value)
    return found, content


def tar(*entries: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as made:
        for each, content in entries:
            made.addfile(each, io.BytesIO(content))
    return out.getvalue()


def packed(files: Mapping[str, str | bytes | dict[str, Any]]) -> bytes:
    """A bundle as other programs write it: names and order as given."""
    return gzip.compress(tar(*(entry(name, content(each)) for name, each in files.items())))


def content(value: str | bytes | dict[str, Any]) -> bytes:
    if isinstance(value, dict):
        return json.dumps(value).encode()
    return value.encode() if isinstance(value, str) else value


def read(files: Mapping[str, str | bytes | dict[str, Any]]) -> PolicyFiles:
    return archive.read(PATH, packed(files))


def refusal(data: bytes) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        archive.read(PATH, data)
    assert caught.value.path is not None
    assert caught.value.path.startswith(PATH)
    return caught.value


def loaded(*given: PolicyFiles) -> bundles.Bundle:
    return bundles.load(False, given)


@pytest.mark.parametrize("start", ["", "/", "./"])
def test_a_bundle_gives_rego_and_data_whatever_its_names_start_with(start: str) -> None:
    found = read(
        {
            f"{start}team/policy.rego": RULE,
            f"{start}team/policy_test.rego": "not Rego at all",
            f"{start}readme.md": "words",
            f"{start}data.json": {"top": [1, 2.5]},
            f"{start}teams/pay/data.yaml": "owners: [ada, no]\nsize: 3.0\n",
            f"{start}teams/data.yml": "ship: {owners: []}\n",
            f"{start}other.json": "{broken",
        }
    )
    assert found == PolicyFiles(
        {"team.tar.gz!team/policy.rego": RULE},
        data={
            "top": [1, 2.5],
            "teams": {"pay": {"owners": ["ada", "no"], "size": 3}, "ship": {"owners": []}},
        },
        v0=frozenset(),
        by_path=False,
    )
    assert type(found.data["teams"]["pay"]["size"]) is int


def test_folders_are_no_entries_of_their_own() -> None:
    folder, _ = entry("team", type=tarfile.DIRTYPE)
    data = gzip.compress(tar((folder, b""), entry("team/a.rego", RULE.encode())))
    assert list(archive.read(PATH, data).texts) == ["team.tar.gz!team/a.rego"]


def test_a_rule_of_a_bundle_is_named_by_its_package() -> None:
    found = loaded(read({"policy.rego": RULE, "deep/er/lib.rego": LIBRARY}))
    assert found.rules["team.named"].path == "team.tar.gz!policy.rego"
    assert [each.rule for each in found.modules] == [None, "team.named"]


@pytest.mark.parametrize(
    "package", ["gate.team", "gate.team.named.more", "other.team.named", 'gate.team["a-b"]']
)
def test_a_package_that_is_no_rule_s_is_refused(package: str) -> None:
    text = RULE.replace("package gate.team.named", f"package {package}")
    with pytest.raises(PolicyError, match=r"package|cannot be part"):
        loaded(read({"policy.rego": text}))


def test_a_bundle_may_hold_data_alone() -> None:
    files = read({"teams/data.json": {"allowed": ["a"]}})
    assert loaded(files).data == {"teams": {"allowed": ["a"]}}


@pytest.mark.parametrize("files", [{}, {"readme.md": "words"}, {"a_test.rego": RULE}])
def test_an_empty_bundle_is_refused(files: dict[str, str]) -> None:
    assert "neither Rego nor data" in refusal(packed(files)).message


BROKEN: dict[str, Callable[[bytes, bytes], bytes]] = {
    "empty": lambda _, __: b"",
    "no gzip": lambda raw, _: raw,
    "cut gzip": lambda _, zipped: zipped[:-9],
    "cut in the middle": lambda _, zipped: zipped[: len(zipped) // 2],
    "wrong checksum": lambda _, zipped: zipped[:-8] + bytes([zipped[-8] ^ 1]) + zipped[-7:],
    "bytes behind it": lambda _, zipped: zipped + b"more",
    "a second gzip behind it": lambda raw, zipped: zipped + gzip.compress(raw),
    "no tar": lambda _, __: gzip.compress(b"words" * 1000),
    "cut tar": lambda raw, _: gzip.compress(raw[:700]),
    "tar without an end": lambda raw, _: gzip.compress(raw.rstrip(b"\0")),
    "nothing in it": lambda _, __: gzip.compress(b""),
    "bytes behind the tar": lambda raw, _: gzip.compress(raw + b"more"),
    "a tar behind the tar": lambda raw, _: gzip.compress(raw + raw),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_archive_is_refused(name: str) -> None:
    raw = tar(entry("a.rego", RULE.encode()))
    assert "cannot be read" in refusal(BROKEN[name](raw, gzip.compress(raw, mtime=0))).message


def test_a_header_that_cannot_be_read_is_not_taken_for_the_end() -> None:
    first, second = (entry(f"{name}.rego", text.encode()) for name, text in FILES.items())
    raw = bytearray(tar(first, second))
    place = raw.index(b"second.rego")
    raw[place] ^= 1
    assert "does not end as it must" in refusal(gzip.compress(bytes(raw))).message


FILES = {"first": RULE, "second": OTHER}


def test_a_negative_size_does_not_lead_in_circles() -> None:
    bad, _ = entry("a.rego")
    raw = bytearray(tar((bad, b""), entry("b.rego", RULE.encode()), form=tarfile.GNU_FORMAT))
    raw[124:136] = b"\xff" * 10 + b"\xfe\x00"
    raw[148:156] = b" " * 8
    raw[148:156] = f"{sum(raw[:512]):06o}\0 ".encode()
    assert "cannot be read" in refusal(gzip.compress(bytes(raw))).message


def test_size_is_capped_before_anything_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(bytes(10_000_000))
    monkeypatch.setattr(tarball, "MAX_UNPACKED", 1_000_000)
    assert "unpacked, is too large" in refusal(bomb).message
    monkeypatch.setattr(tarball, "MAX_PACKED", 1_000)
    assert "bundle is too large" in refusal(bomb).message


def test_the_number_of_entries_is_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tarball, "MAX_ENTRIES", 3)
    assert "more than the 3 entries" in refusal(packed({f"{n}.md": "" for n in range(4)})).message


@pytest.mark.parametrize(
    "kind",
    [
        *(tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE),
        *(tarfile.FIFOTYPE, tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE),
    ],
)
def test_only_plain_files_are_read(kind: bytes) -> None:
    odd, _ = entry("a.rego", type=kind, linkname="/etc/passwd")
    data = gzip.compress(tar((odd, b""), entry("b.rego", RULE.encode()), form=tarfile.GNU_FORMAT))
    assert "plain files" in refusal(data).message


def test_a_file_with_holes_is_not_blown_up() -> None:
    headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(2**40), "GNU.sparse.name": "a.rego"}
    odd, text = entry("a.rego", b"x", pax_headers=headers)
    assert "plain files" in refusal(gzip.compress(tar((odd, text)))).message


@pytest.mark.parametrize(
    "name",
    [
        *("../a.rego", "a/../../b.rego", "//a.rego", "/../a.rego", "a//b.rego", "./../a.rego"),
        *("a\\b.rego", "a\nb.rego", "a\x1b[2Jb.rego", "a!b.rego", ".", "a/./b.rego", "\udcff.rego"),
    ],
)
def test_a_name_that_leads_out_or_is_not_plain_is_refused(name: str) -> None:
    odd, text = entry(name, RULE.encode())
    data = gzip.compress(tar((odd, text), entry("b.rego", OTHER.encode())))
    assert "a name that" in refusal(data).message


@pytest.mark.parametrize("second", ["a.rego", "/a.rego", "./a.rego"])
def test_one_name_twice_is_refused(second: str) -> None:
    data = gzip.compress(tar(entry("a.rego", RULE.encode()), entry(second, OTHER.encode())))
    assert "twice" in refusal(data).message


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("policy.wasm", "WebAssembly"),
        ("deep/policy.wasm", "WebAssembly"),
        ("plan.json", "plan"),
        ("plan.pb", "plan"),
        ("patch.json", "delta"),
        (".manifest.pb", "no JSON"),
        ("deep/.manifest", "not at its top"),
        ("x.manifest", "not at its top"),
    ],
)
def test_what_is_no_rego_and_no_data_is_said(name: str, what: str) -> None:
    error = refusal(packed({"a.rego": RULE, name: "{}"}))
    assert what in error.message
    assert error.path == f"{PATH}!{name}"


@pytest.mark.parametrize(
    ("manifest", "what"),
    [
        ("{", "no JSON"),
        ("[]", "no object"),
        ("{} {}", "no JSON"),
        ('{"roots": "gate"}', "list of paths"),
        ('{"roots": [1]}', "list of paths"),
        ('{"Roots": ["gate"]}', "Did you mean `roots`"),
        ('{"rego_version": 2}', "0 and 1"),
        ('{"rego_version": true}', "0 and 1"),
        ('{"rego_version": "1"}', "0 and 1"),
        ('{"file_rego_versions": []}', "must be an object"),
        ('{"file_rego_versions": {"a.rego": 3}}', "0 and 1"),
        ('{"file_rego_versions": {"[ab].rego": 0}}', "not read"),
        ('{"file_rego_versions": {"a\\\\": 0}}', "not read"),
        ('{"wasm": [{"entrypoint": "a"}]}', "WebAssembly"),
        ('{"roots": ["gate", "gate/team"]}', "overlap"),
        ('{"roots": ["gate/team/", "/gate/team"]}', "overlap"),
        ('{"roots": ["", "x"]}', "overlap"),
    ],
)
def test_a_broken_manifest_is_refused(manifest: str, what: str) -> None:
    error = refusal(packed({".manifest": manifest, "a.rego": RULE}))
    assert what in error.message
    assert error.path == f"{PATH}!.manifest"


@pytest.mark.parametrize(
    "roots",
    [["gate/team/named"], ["gate/team"], ["gate", "other"], ["/gate/"], [""], None],
)
def test_what_a_root_owns_is_read(roots: list[str] | None) -> None:
    assert read({".manifest": {"roots": roots}, "a.rego": RULE}).texts


@pytest.mark.parametrize("roots", [[], ["other"], ["gate/tea"], ["gate/team/named/more"]])
def test_a_package_outside_of_the_roots_is_refused(roots: list[str]) -> None:
    assert "outside" in refusal(packed({".manifest": {"roots": roots}, "a.rego": RULE})).message


@pytest.mark.parametrize(
    ("data", "fits"),
    [
        ({"gate": {"team": {"x": 1}}}, True),
        ({"gate": {}}, True),
        ({"gate": {"team": 1}}, True),
        ({"gate": 1}, False),
        ({"gate": {"x": 1}}, False),
        ({"x": {}}, False),
    ],
)
def test_data_outside_of_the_roots_is_refused(data: dict[str, Any], fits: bool) -> None:
    files = packed({".manifest": MANIFEST, "a.rego": RULE, "data.json": data})
    if fits:
        assert archive.read(PATH, files).data == data
    else:
        assert "outside" in refusal(files).message


@pytest.mark.parametrize(
    ("versions", "v0"),
    [
        ({}, set()),
        ({"rego_version": 0}, {"a.rego", "b/c.rego"}),
        ({"rego_version": 0, "file_rego_versions": {"a.rego": 1}}, {"b/c.rego"}),
        ({"file_rego_versions": {"b/*": 0}}, {"b/c.rego"}),
        ({"file_rego_versions": {"*": 0}}, {"a.rego", "b/c.rego"}),
        ({"file_rego_versions": {"?.rego": 0}}, {"a.rego"}),
        ({"file_rego_versions": {"\\a.rego": 0}}, {"a.rego"}),
        ({"file_rego_versions": {"*a*": 0}}, {"a.rego"}),
        ({"file_rego_versions": {"*.r*g?": 0}}, {"a.rego", "b/c.rego"}),
        ({"file_rego_versions": {"b*/*c*.rego": 0}}, {"b/c.rego"}),
        ({"file_rego_versions": {"*b/*d*": 0}}, set()),
        ({"file_rego_versions": {"/a.rego": 0}}, set()),
        ({"file_rego_versions": {"*": 0, "a.rego": 1}}, {"a.rego", "b/c.rego"}),
    ],
)
def test_a_manifest_says_which_files_are_old_rego(versions: dict[str, Any], v0: set[str]) -> None:
    found = read({".manifest": versions, "a.rego": RULE, "b/c.rego": OTHER})
    assert found.v0 == {f"{PATH}!{name}" for name in v0}


def test_a_manifest_costs_no_more_than_it_is_long() -> None:
    pattern = "*a" * 3000 + "b"
    name = "a" * 3000 + ".rego"
    roots = [f"gate/team/x{number}" for number in range(30_000)]
    manifest = {"file_rego_versions": {pattern: 0}, "roots": ["gate/team/named", *roots]}
    assert read({".manifest": manifest, name: RULE}).v0 == frozenset()


def test_data_in_yaml_is_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_YAML", 10)
    assert "as JSON" in refusal(packed({"a/data.yaml": "a: 1\n", "b/data.yml": "a: 12\n"})).advice
    assert read({"a/data.yaml": "a: 1\n", "data.json": {"b": "long enough"}}).data


def test_old_rego_is_read_as_such() -> None:
    old = RULE.replace('deny contains "x" if input.x', 'deny["x"] { input.x }')
    files = {".manifest": {"rego_version": 0}, "a.rego": old}
    (found,) = loaded(read(files)).modules
    assert found.v0
    with pytest.raises(PolicyError):
        loaded(read({"a.rego": old}))


def test_a_signed_bundle_needs_its_digest() -> None:
    data = packed({".signatures.json": {"signatures": ["x"]}, "a.rego": RULE})
    error = refusal(data)
    assert "cannot check signatures" in error.message
    assert "#sha256=" in error.advice
    assert archive.read(PATH, data, pinned=True).texts


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({"data.json": "[1]"}, "must be an object"),
        ({"data.json": "{"}, "no JSON"),
        ({"data.json": '{"a": NaN}'}, "no number"),
        ({"data.json": '{"a": 1e999}'}, "too large"),
        ({"data.json": '{"a": 1e16}'}, "too large"),
        ({"data.json": '{"a": 18446744073709551616}'}, "too large"),
        ({"data.json": '{"a": -9223372036854775809}'}, "too large"),
        ({"data.json": '{"a": ' + "1" * 5000 + "}"}, "too large"),
        ({"data.yaml": "a: 1e16"}, "too large"),
        ({"data.yaml": "a: 123456789012345678901234567890"}, "too large"),
        ({"data.json": '{"a": 1, "a": 2}'}, "twice"),
        ({"data.json": b'{"a": "\xff"}'}, "UTF-8"),
        ({"data.json": '{"a": "\\ud800"}'}, "UTF-8"),
        ({"data.json": '{"a":' * 101 + "1" + "}" * 101}, "deeper"),
        ({"data.json": "[" * 100_000}, "deeper"),
        ({"data.yaml": "a: *b"}, "aliases"),
        ({"data.yaml": "a: &b 1"}, "aliases"),
        ({"data.yaml": "a: !!int '1'"}, "tag"),
        ({"data.yaml": "a: 1\na: 2"}, "twice"),
        ({"data.yaml": "1: 1\n'1': 2"}, "twice"),
        ({"data.yaml": "a: 1\n---\nb: 2"}, "more than one"),
        ({"data.yaml": "a: .inf"}, "number"),
        ({"data.yaml": "<<: {a: 1}"}, "no text"),
        ({"data.yaml": "? [a]\n: 1"}, "no plain text"),
        ({"data.yaml": "a: [1"}, "no YAML"),
        ({"data.yaml": "[" * 200}, "deeper"),
        ({"a/data.json": "1", "a/b/data.json": "2"}, "data.a"),
        ({"a/data.json": "{}", "a/data.yaml": "1"}, "data.a"),
        ({"data.json": {"a": {"b": 1}}, "a/data.json": {"b": 1}}, "data.a.b"),
        ({".a/data.json": "1"}, "dot"),
    ],
)
def test_data_that_cannot_be_read_in_one_way_is_refused(
    files: dict[str, str | bytes | dict[str, Any]], what: str
) -> None:
    assert what in refusal(packed(files)).message


def test_rego_that_is_not_utf_8_is_refused_with_its_line() -> None:
    error = refusal(packed({"a.rego": RULE.encode() + b"\n\xff"}))
    assert (error.path, error.line) == (f"{PATH}!a.rego", RULE.count("\n") + 2)


@pytest.mark.parametrize(
    "data",
    [
        {"gate": {"team": {"named": {"deny": []}}}},
        {"gate": {"team": {"named": 1}}},
        {"gate": 1},
        {"gate_entry": {}},
        {"system": {"log": {}}},
    ],
)
def test_data_in_the_place_of_rules_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match="data"):
        loaded(read({"a.rego": RULE, "data.json": data}))


def test_data_beside_the_rules_of_the_wheel_is_refused() -> None:
    files = read({"data.json": {"gate": {"workload": {"image_pinned": {"x": 1}}}}})
    with pytest.raises(PolicyError, match="package defines"):
        bundles.load(True, [files])


def test_two_sources_may_not_say_something_of_one_place() -> None:
    one = read({"data.json": {"a": {"b": 1}}})
    other = archive.read("other.tar.gz", packed({"data.json": {"a": {"b": 2}}}))
    with pytest.raises(PolicyError, match=r"data\.a\.b"):
        loaded(one, other)
    beside = archive.read("other.tar.gz", packed({"data.json": {"a": {"c": 2}}}))
    assert loaded(one, beside).data == {"a": {"b": 1, "c": 2}}


def test_a_rule_may_read_data_that_is_there_and_no_other() -> None:
    rule = module("team.named", 'deny contains "x" if input.x in data.teams.pay.allowed')
    there = {"a.rego": rule, "data.json": {"teams": {"pay": {"allowed": []}}}}
    assert loaded(read(there)).data
    missing = {"a.rego": rule, "data.json": {"teams": {"ship": {"allowed": []}}}}
    with pytest.raises(PolicyError, match=r"Nothing defines data\.teams\.pay\.allowed"):
        loaded(read(missing))


def test_the_digest_covers_data_and_the_version_of_rego() -> None:
    plain = [Module("a", "x", "repository")]
    found = {
        bundles.digest(plain),
        bundles.digest(plain, {"a": 1}),
        bundles.digest(plain, {"a": 2}),
        bundles.digest([Module("a", "x", "repository", v0=True)]),
        bundles.digest([*plain, *plain]),
    }
    assert len(found) == 5
    assert bundles.digest(plain) == bundles.digest([Module("b", "x", "builtin")], {})


def test_the_wheel_s_rules_survive_a_bundle() -> None:
    before = bundles.load(True)
    data = archive.write(before)
    after = loaded(archive.read(PATH, data))
    assert after.digest == before.digest
    assert set(after.rules) == set(before.rules)
    assert archive.write(after) == data


def test_a_written_bundle_says_what_it_is() -> None:
    files = read({"a.rego": RULE, "lib.rego": LIBRARY, "data.json": {"gate": {"team": {"x": 1}}}})
    made = loaded(files)
    raw = gzip.decompress(archive.write(made))
    with tarfile.open(fileobj=io.BytesIO(raw)) as found:
        names = found.getnames()
        manifest = json.load(found.extractfile(".manifest"))  # type: ignore[arg-type]
        entry_text = found.extractfile("gate_entry.rego").read().decode()  # type: ignore[union-attr]
        assert {(each.mtime, each.uid, each.mode) for each in found} == {(0, 0, 0o644)}
    assert names == [".manifest", "a.rego", "data.json", "gate_entry.rego", "lib.rego"]
    assert manifest["roots"] == [
        *("gate/lib/names", "gate/team/named", "gate/team/x", "gate_entry"),
    ]
    assert (manifest["revision"], manifest["rego_version"]) == (made.digest, 1)
    assert manifest["metadata"]["gate"]["rules"] == ["team.named"]
    assert entry_text == made.entry


def test_two_files_of_one_name_are_both_written() -> None:
    one = read({"policy.rego": RULE})
    other = archive.read("other.tar.gz", packed({"policy.rego": OTHER}))
    made = loaded(one, other)
    names = archive.names_of(made)
    assert sorted(names.values()) == ["2/policy.rego", "policy.rego"]
    assert loaded(archive.read(PATH, archive.write(made))).digest == made.digest


@pytest.mark.parametrize("name", ["gate_entry.rego", "a.rego", "data.json"])
def test_a_bundle_that_was_changed_after_it_was_built_is_refused(name: str) -> None:
    made = archive.write(loaded(read({"a.rego": RULE, "data.json": {"a": 1}})))
    files = dict(tarball.unpack(made, PATH))
    files[name] = files[name].replace(b"1", b"2").replace(b'"x"', b'"y"').replace(b"sha256:", b"s")
    assert "not as `gate policy bundle` built it" in refusal(tarball.pack(files)).message


def test_a_team_s_own_module_of_that_name_is_no_entry() -> None:
    with pytest.raises(PolicyError, match="package is other"):
        loaded(read({"gate_entry.rego": "package other\n\nx := 1\n", "a.rego": RULE}))


def test_what_only_the_server_has_is_in_no_bundle() -> None:
    ours = read({"a.rego": RULE, "data.json": {"a": 1}})
    theirs = PolicyFiles({"server:team/other.rego": OTHER}, origin="server", by_path=False)
    both, alone = loaded(ours, theirs), loaded(ours)
    assert set(both.rules) == {"team.named", "team.other"}
    assert both.digest != alone.digest
    part = bundles.served(both)
    assert (part.digest, part.entry, part.data) == (alone.digest, alone.entry, alone.data)
    assert archive.write(part) == archive.write(alone)
    assert bundles.served(alone) is alone


words = st.text("abcdefghij_", min_size=1, max_size=6)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text()
    | st.floats(-1e15, 1e15).filter(lambda value: value % 1 != 0),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(words.filter(lambda w: w != "lib"), words, min_size=1, max_size=3),
    st.dictionaries(words.map("d_{}".format), values, max_size=3),
    st.sets(st.integers(0, 2)),
)
@settings(deadline=None, max_examples=60)
def test_what_is_written_is_read(
    rules: dict[str, str], data: dict[str, Any], old: set[int]
) -> None:
    modules = [
        Module(
            f"policies/{area}/{rule}.rego",
            f"package gate.{area}.{rule}\n",
            "repository",
            v0=index in old,
        )
        for index, (area, rule) in enumerate(rules.items())
    ]
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        data = {}
    total = bundles.digest(modules, data)
    made = bundles.Bundle(modules, {}, total, bundles.entry({}, total), data)
    written = archive.write(made)
    found = archive.read(PATH, written)
    assert found.texts == {f"{PATH}!{each.path}": each.text for each in modules}
    assert found.v0 == {f"{PATH}!{each.path}" for each in modules if each.v0}
    assert found.data == data
    assert written == archive.write(made)


@given(st.binary(max_size=2000))
@settings(deadline=None, max_examples=150)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for packed_bytes in (data, gzip.compress(data), gzip.compress(data + bytes(1024))):
        with pytest.raises(PolicyError):
            archive.read(PATH, packed_bytes)


@given(st.integers(0, 3000), st.integers(1, 255))
@settings(deadline=None, max_examples=150)
def test_a_changed_byte_is_noticed_or_harmless(place: int, change: int) -> None:
    raw = bytearray(tar(entry("a.rego", RULE.encode()), entry("b.rego", OTHER.encode())))
    raw[place % len(raw)] ^= change
    try:
        found = archive.read(PATH, gzip.compress(bytes(raw)))
    except PolicyError:
        return
    assert len(found.texts) == 2
