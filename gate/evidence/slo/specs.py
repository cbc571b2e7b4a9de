"""Reads the files that name SLOs, and what they say that an SLO's series must exist.

Sloth's files (`version: prometheus/v1`) and its PrometheusServiceLevel, Pyrra's
ServiceLevelObjective. The documents of OpenSLO are read here too, and understood in `openslo`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gate.errors import ConfigError
from gate.evidence.interface import Question
from gate.evidence.slo.interface import Unplanned
from gate.model.change import MODE_LINK, Entry, Tree, Unread
from gate.model.globs import matcher
from gate.strict_yaml.nodes import Node
from gate.strict_yaml.parse import documents

MAX_FILES = 1000
ENVIRONMENT = "environment"
"""The label that names an SLO's environment, where `labels.environment` names no other."""
PYRRA_LABEL = "pyrra.dev/"
"""What a label of a ServiceLevelObjective begins with that Pyrra gives to the series."""

_SLOTH_GROUP = "sloth.slok.dev/"
_PYRRA_GROUP = "pyrra.dev/"


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file, or one of a list that a document is."""

    path: str
    node: Node

    def place(self, node: Node | None = None) -> str:
        """`path:line` of a value, or of the document."""
        return f"{self.path}:{(node or self.node).mark.line}"


def expected(question: Question, settings: Mapping[str, Any]) -> list[Unplanned]:
    """The SLOs of Sloth or Pyrra (as `convention` says) that the files of `specs` name, each as
    what it is where its series are not there; none without `specs`. What is of no such form is
    left out; a file that cannot be read, and an SLO that is not whole, is told with its reason.

    Service and environment are named as the series name them: by the labels of the spec where
    `labels` says so, else by Sloth's `service`, or Pyrra's label `service` or name. Raises
    ConfigError where a pattern matches no file, or no file names an SLO.
    """
    if not settings.get("specs"):
        return []
    convention = settings.get("convention", "sloth")
    read = _sloth if convention == "sloth" else _pyrra
    found: list[Unplanned] = []
    for each in read_all(question, settings):
        found += [each] if isinstance(each, Unplanned) else read(each, settings)
    if not found:
        raise ConfigError(
            f"the files of `specs` name no SLO of {convention}",
            advice="Let `specs` name the files with the SLOs, and `convention` their kind.",
        )
    return found


def read_all(question: Question, settings: Mapping[str, Any]) -> list[Document | Unplanned]:
    """The documents of all files that `specs` names, in the order of their paths. A file that
    cannot be read is everybody's Unplanned.

    Raises ConfigError where a pattern matches no file, or where they match too many.
    """
    told = settings["specs"]
    entries = _entries([told] if isinstance(told, str) else told, question.tree)
    links = [each for each in entries if each.mode == MODE_LINK]
    found = {
        each.path: [_unread(each.path, "it is a symbolic link, and links are not followed")]
        for each in links
    }
    read: dict[str, list[Document | Unplanned]] = {**found}
    for entry, data in question.tree.read([each for each in entries if each not in links]):
        if isinstance(data, Unread):
            read[entry.path] = [_unread(entry.path, data.reason)]
        else:
            read[entry.path] = list(_documents(entry.path, data))
    return [each for path in sorted(read) for each in read[path]]


def member(node: Node | None, *keys: str) -> Node | None:
    """What stands below some keys; None where it is not there, or empty."""
    for key in keys:
        if node is None or not isinstance(node.value, dict):
            return None
        node = node.value.get(key)
    return None if node is None or node.value is None else node


def text(node: Node | None) -> str | None:
    """A text that is not empty. Numbers are the text that they were written as, more or less."""
    if node is None or isinstance(node.value, bool | list | dict):
        return None
    return str(node.value).strip() or None


def number(node: Node | None) -> float | None:
    """A finite number, quoted or not."""
    if node is None or not isinstance(node.value, int | float | str):
        return None
    try:
        value = float(node.value)
    except (ValueError, OverflowError):
        return None
    return None if isinstance(node.value, bool) or not math.isfinite(value) else value


def items(node: Node | None) -> Sequence[Node]:
    """The items of a list; none where it is no list."""
    return node.value if node is not None and isinstance(node.value, list) else ()


def label(settings: Mapping[str, Any], name: str) -> str | None:
    """Which label names the service, or the environment, as the settings say."""
    told = (settings.get("labels") or {}).get(name)
    return told if isinstance(told, str) else None


def _entries(patterns: Sequence[str], tree: Tree) -> list[Entry]:
    """The files that the patterns match. Only the folders that they name are listed."""
    kept = matcher(patterns)
    found: dict[str, Entry] = {}
    for pattern in patterns:
        if pattern.startswith("!"):
            continue
        is_its = matcher([pattern])
        matched = [each for each in _listed(pattern, tree) if is_its(each.path)]
        if not matched:
            raise ConfigError(
                f"`specs` names `{pattern}`, and no file of {tree.label} matches",
                advice="Mend the pattern, or leave it out.",
            )
        found.update({each.path: each for each in matched if kept(each.path)})
    if len(found) > MAX_FILES:
        raise ConfigError(
            f"`specs` names {len(found)} files, and at most {MAX_FILES} are read",
            advice="Write the patterns so that they match the files with SLOs alone.",
        )
    return [found[path] for path in sorted(found)]


def _listed(pattern: str, tree: Tree) -> Sequence[Entry]:
    plain = pattern.removeprefix("./")
    if "/" not in plain.rstrip("/"):
        return tree.below("")
    folders: list[str] = []
    for part in plain.strip("/").split("/"):
        if any(sign in part for sign in "*?[\\"):
            return tree.below("/".join(folders))
        folders.append(part)
    path = "/".join(folders)
    entry = tree.find(path)
    return [entry] if entry else tree.below(path)


def _documents(path: str, data: bytes) -> Iterator[Document | Unplanned]:
    try:
        roots = documents(data, path)
    except ConfigError as error:
        place = f"{path}:{error.line}" if error.line else path
        yield Unplanned(None, None, path, f"{place}: {error.message.rstrip('.')}", place=place)
        return
    for root in roots:
        for node in items(root) or [root]:
            listed = items(member(node, "items")) if _kind(node).endswith("List") else ()
            for each in listed or [node]:
                yield Document(path, each)


def _unread(path: str, reason: str) -> Document | Unplanned:
    return Unplanned(None, None, path, f"{path} cannot be read: {reason}", place=path)


def _kind(node: Node) -> str:
    return text(member(node, "kind")) or ""


def _sloth(document: Document, settings: Mapping[str, Any]) -> Iterator[Unplanned]:
    node: Node | None = document.node
    group = text(member(node, "apiVersion")) or ""
    if group.startswith(_SLOTH_GROUP) and _kind(document.node) == "PrometheusServiceLevel":
        node = member(node, "spec")
    elif text(member(node, "version")) != "prometheus/v1":
        return
    service = text(member(node, "service"))
    slos = items(member(node, "slos"))
    if service is None or not slos:
        reason = "the spec names no service" if service is None else "the spec holds no SLO"
        yield Unplanned(service, None, document.path, reason, place=document.place())
        return
    for slo in slos:
        labels = (member(slo, "labels"), member(node, "labels"))
        told = _labelled(labels, label(settings, "service"))
        environment = _labelled(labels, label(settings, "environment"))
        yield _one(told or service, environment, slo, "objective", document)


def _pyrra(document: Document, settings: Mapping[str, Any]) -> Iterator[Unplanned]:
    node = document.node
    group = text(member(node, "apiVersion")) or ""
    if not group.startswith(_PYRRA_GROUP) or _kind(node) != "ServiceLevelObjective":
        return
    labels = [member(node, "metadata", "labels")]
    name = text(member(node, "metadata", "name"))
    service = _labelled(labels, PYRRA_LABEL + (label(settings, "service") or "service")) or name
    told = label(settings, "environment")
    environment = _labelled(labels, PYRRA_LABEL + told) if told else None
    named = Node({**_mapping(node, "metadata"), **_mapping(node, "spec")}, node.mark)
    yield _one(service, environment, named, "target", document)


def _labelled(labels: Sequence[Node | None], name: str | None) -> str | None:
    return next(filter(None, (text(member(each, name)) for each in labels)), None) if name else None


def _mapping(node: Node, key: str) -> Mapping[str, Node]:
    found = member(node, key)
    return found.value if found is not None and isinstance(found.value, dict) else {}


def _one(
    service: str | None, environment: str | None, slo: Node, key: str, document: Document
) -> Unplanned:
    """An SLO whose objective stands under `key`, in percent."""
    name = text(member(slo, "name"))
    place = document.place(slo)
    if name is None:
        reason = "the SLO has no name"
        return Unplanned(service, environment, document.path, reason, place=place)
    percent = number(member(slo, key))
    if percent is None or not 0 < percent < 100:
        reason = f"its {key} must be a percentage above 0 and below 100"
        return Unplanned(service, environment, name, reason, place=place)
    reason = "its spec is there, and no series of it"
    return Unplanned(service, environment, name, reason, percent / 100, place)
