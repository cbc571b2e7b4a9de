"""The sync windows of Argo CD's AppProjects: from files, or from a live API.

As Argo CD reads them (user guide, Sync Windows): a window speaks of an Application by its name,
its namespace or its cluster: any of these, or all that are given with `andOperator`. While a deny
window is open, nothing is synced. Where allow windows speak of an Application, it is synced only
while one of them is open, so the time outside is a freeze. `sync_schedule` says when one is open.

`manualSync` lets people sync by hand in Argo CD; for gate the window is a freeze all the same.
`syncOverrun` lets a sync go on that runs already, which says nothing about one that is to begin.
Windows hold within one AppProject. Without `project`, a service is frozen as soon as one of those
that are found freezes it. What Argo CD takes in another way than it is written (an unknown zone,
which it takes for UTC; a key that it does not know) is `unavailable`.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gate.errors import ConfigError, GateError, did_you_mean
from gate.evidence.freeze.address import OUT_OF_BOUNDS, fetched, line
from gate.evidence.freeze.calendar import answer, later, told, zone
from gate.evidence.freeze.interface import Calendar, Freeze
from gate.evidence.freeze.sync_schedule import Opening, closed, comes, cron, duration, opened
from gate.evidence.interface import Question, unavailable
from gate.model.change import MODE_LINK, Entry, Tree, Unread
from gate.model.globs import matcher
from gate.model.manifest import Target
from gate.model.verdict import Evidence
from gate.strict_yaml.check import joined, shown
from gate.strict_yaml.nodes import Node, plain
from gate.strict_yaml.parse import documents

MAX_FILES = 500
MAX_WINDOWS = 1_000
MAX_FREEZES = 5_000
MAX_PATTERNS = 64
"""How many patterns the braces of one may stand for."""

NO_LINK = "Name the file itself."

_TEXTS = ("kind", "schedule", "duration", "timeZone", "description")
_LISTS = ("applications", "namespaces", "clusters")
_FLAGS = ("manualSync", "andOperator", "syncOverrun")
_KINDS = ("allow", "deny")
_READ_AS = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Window:
    """A sync window as it is written. `line` is where it stands in its file."""

    number: int
    content: Mapping[str, Any]
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """An AppProject. `path` is its file; None: it is that of a live API."""

    name: str
    windows: tuple[Window, ...]
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """What windows may select a service's Application by. None: the settings do not say."""

    name: str
    namespace: str | None
    cluster: str | None


def observe(question: Question) -> Sequence[Evidence]:
    """For each target the times in which Argo CD would not sync it."""
    until = later(question.now, question.ahead)
    try:
        projects = _projects(question)
        _look_for_strangers(question, projects)
    except GateError as error:
        return unavailable(question, told(error))

    def calendar(target: Target) -> Calendar | str:
        application = _application(question.settings, target)
        try:
            found = [
                freeze
                for project in projects
                for freeze in _freezes(project, application, question.now, until)
            ]
        except OverflowError:
            return f"{question.name}: {OUT_OF_BOUNDS}"
        if len(found) > MAX_FREEZES:
            return (
                f"{question.name}: its sync windows open or close more than {MAX_FREEZES} times. "
                "Write fewer and longer windows, or ask for fewer days."
            )
        found.sort(key=lambda each: each.span.start)
        return Calendar(question.name, until, tuple(found))

    return answer(question, calendar)


def _freezes(
    project: Project, application: Application, now: datetime, until: datetime
) -> Iterator[Freeze]:
    """When Argo CD would not sync an Application of the project."""
    allows: list[tuple[Window, Opening]] = []
    for window in project.windows:
        if not _speaks_of(window, project, application):
            continue
        opening = _opening(window, project, now)
        if window.content["kind"] == "allow":
            allows.append((window, opening))
            continue
        reason = window.content.get("description")
        for span in opened(opening, now, until):
            name = f"deny {_words(window)} (project {project.name})"
            yield Freeze(line(name), span, line(reason) if reason else None, line=window.line)
    if allows:
        words = joined([_words(window) for window, _ in allows], "and")
        name = line(f"outside allow {words} (project {project.name})")
        for span in closed([opening for _, opening in allows], now, until):
            yield Freeze(name, span, line=allows[0][0].line)


def _words(window: Window) -> str:
    place = window.content.get("timeZone")
    zone_ = f" {place}" if place and place != "UTC" else ""
    return f"`{window.content['schedule']}` {window.content['duration']}{zone_}"


def _opening(window: Window, project: Project, now: datetime) -> Opening:
    """When it is open. Raises ConfigError for what Argo CD cannot read, or reads otherwise."""
    content = window.content
    if content.get("kind") not in _KINDS:
        kind = shown(str(content.get("kind", "")))
        raise _wrong(window, project, f"has the kind {kind}: it is neither `allow` nor `deny`")
    for key in ("schedule", "duration"):
        if not content.get(key):
            raise _wrong(window, project, f"has no `{key}`")
    schedule, length = str(content["schedule"]), str(content["duration"])
    try:
        found = cron(schedule)
    except ValueError as error:
        raise _wrong(window, project, f"has a schedule, {shown(schedule)}, that {error}") from error
    try:
        open_for = duration(length)
    except ValueError as error:
        raise _wrong(window, project, f"has a duration, {shown(length)}, that {error}") from error
    try:
        place = zone(str(content.get("timeZone") or "UTC"))
    except ConfigError as error:
        why = f"has a zone that Argo CD takes for UTC. {error.message.rstrip('.')}"
        raise _wrong(window, project, why) from error
    if not comes(found, now):
        raise _wrong(window, project, f"has a schedule, {shown(schedule)}, that never comes")
    return Opening(found, open_for, place)


def _speaks_of(window: Window, project: Project, application: Application) -> bool:
    """Whether a window holds for an Application. Raises ConfigError where nobody can know."""
    found = _selects(window, project, application)
    if found is None:
        unsaid = [key for key, value in _values(application) if value is None and _has(window, key)]
        what = (
            f"selects by {joined(unsaid or ['clusters'], 'and')}, and the settings of the source "
        )
        if unsaid:
            what += f"do not say which are those of {shown(application.name)}"
            advice = f"Set {joined([f'`{key[:-1]}`' for key in unsaid], 'and')} in the settings."
        else:
            what += "name the cluster in another way"
            advice = "Set `cluster` as the window names it: its name, or its address."
        raise _wrong(window, project, what, advice=advice)
    return found


def _selects(window: Window, project: Project, application: Application) -> bool | None:
    """Whether a window holds for an Application; None where the settings do not say enough."""
    content = window.content
    parts: list[bool | None] = []
    for key, value in _values(application):
        patterns = content.get(key)
        if not patterns:
            continue
        if "*" in patterns:
            parts.append(True)
        elif value is None:
            parts.append(None)
        else:
            fits = any(_fits(pattern, value, window, project) for pattern in patterns)
            parts.append(None if not fits and _other_form(key, value, patterns) else fits)
    if content.get("andOperator"):
        return False if False in parts or not parts else None if None in parts else True
    return True if True in parts else None if None in parts else False


def _values(application: Application) -> Iterator[tuple[str, str | None]]:
    yield "applications", application.name
    yield "clusters", application.cluster
    yield "namespaces", application.namespace


def _has(window: Window, key: str) -> bool:
    patterns = window.content.get(key) or ()
    return bool(patterns) and "*" not in patterns


def _other_form(key: str, value: str, patterns: Sequence[str]) -> bool:
    """A cluster is known by its name to one and by its address to the other."""
    is_address = "://" in value
    return key == "clusters" and not any(("://" in each) == is_address for each in patterns)


def _fits(pattern: str, value: str, window: Window, project: Project) -> bool:
    """Whether a glob of Argo CD's fits: `*`, `?`, `[...]`, `{a,b}`; `/` is no limit."""
    try:
        return any(fnmatch.fnmatchcase(value, each) for each in _without_braces(pattern))
    except ValueError as error:
        why = f"has a pattern, {shown(pattern)}, that gate cannot read"
        raise _wrong(window, project, why) from error


def _without_braces(pattern: str) -> list[str]:
    """The patterns of fnmatch that stand for one. Raises ValueError where it is not closed, or
    stands for too many."""
    done = [""]
    rest = pattern
    while rest:
        token = re.match(
            r"\\(.)|\[(?!!\])!?[^\]\[{}\\]+\]|\{([^{}\[\]\\]+)\}|[^\\\[\]{}]", rest, re.DOTALL
        )
        if token is None:
            raise ValueError(pattern)
        if token[1]:
            choices = [f"[{token[1]}]" if token[1] in "*?[" else token[1]]
        elif token[2] is not None:
            choices = token[2].split(",")
        else:
            choices = [token[0]]
        done = [before + choice for before in done for choice in choices]
        if len(done) > MAX_PATTERNS:
            raise ValueError(pattern)
        rest = rest[token.end() :]
    return done


def _application(settings: Mapping[str, Any], target: Target) -> Application:
    def filled(text: str | None) -> str | None:
        if text is None:
            return None
        parts = re.split(r"(\{service\}|\{environment\})", text)
        words = {"{service}": target.service, "{environment}": target.environment}
        return "".join(words.get(part, part) for part in parts)

    return Application(
        filled(settings.get("application")) or target.service,
        filled(settings.get("namespace")),
        filled(settings.get("cluster")),
    )


def _look_for_strangers(question: Question, projects: Sequence[Project]) -> None:
    """Raises ConfigError where no window speaks of any service and nobody said how Applications
    are called: then they are rather called otherwise."""
    windows = [(window, project) for project in projects for window in project.windows]
    if "application" in question.settings:
        return
    if not any(window.content.get("applications") for window, _ in windows):
        return
    known = [
        *question.targets,
        *(Target(name, place) for name in question.services for place in question.environments),
    ]
    applications = {_application(question.settings, target) for target in known}
    if any(
        _selects(*each, application) is not False
        for each in windows
        for application in applications
    ):
        return
    names = joined(sorted({shown(each.name) for each in applications})[:5], "and")
    raise ConfigError(
        f"{question.name}: none of its sync windows ({len(windows)}) speaks of an Application "
        f"called {names}.",
        advice="Set `application` to how the Applications are called, such as "
        "`{service}-{environment}`.",
    )


def _projects(question: Question) -> list[Project]:
    """The AppProjects that count. Raises ConfigError where there are none, or one cannot be
    read."""
    settings: Mapping[str, Any] = question.settings
    found = _live(question, settings["url"]) if "url" in settings else _filed(question)
    wanted = settings.get("project")
    if wanted is not None:
        names = [each.name for each in found]
        found = [each for each in found if each.name == wanted]
        if not found:
            raise ConfigError(
                f"{question.name}: there is no AppProject {shown(wanted)}"
                f"{did_you_mean(wanted, names)}",
                advice="Look at `project` in the source's settings, and at who may see it.",
            )
    if sum(len(each.windows) for each in found) > MAX_WINDOWS:
        raise ConfigError(
            f"{question.name}: there are more than {MAX_WINDOWS} sync windows.",
            advice="Name the `project` of the services.",
        )
    return found


def _live(question: Question, address: str) -> list[Project]:
    from gate.clients.http import Reply, Unreachable, json_of

    body = fetched(question, address, "application/json")
    try:
        content = json_of(Reply(200, body, {}))
    except Unreachable as error:
        raise _unusable(question, error.reason) from error
    if isinstance(content, dict) and "items" in content:
        items = content["items"] or []
        metadata = content.get("metadata")
        if isinstance(metadata, dict) and metadata.get("continue"):
            raise _unusable(question, "its list is only a part: the rest is on a next page")
    elif isinstance(content, dict) and isinstance(content.get("spec"), dict):
        items = [content]
    else:
        raise _unusable(question, "its answer is no list of AppProjects")
    if not isinstance(items, list):
        raise _unusable(question, "its answer is no list of AppProjects")
    if not items:
        raise _unusable(question, "it lists no AppProject, or none that may be seen")
    return [_project(item, None, None) for item in items]


def _unusable(question: Question, reason: str) -> ConfigError:
    return ConfigError(
        f"{question.name}: {reason}.",
        advice="The address must list AppProjects to who asks: Argo CD's `/api/v1/projects`, or "
        "`/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects` of Kubernetes.",
    )


def _filed(question: Question) -> list[Project]:
    settings = question.settings["projects"]
    patterns = [settings] if isinstance(settings, str) else list(settings)
    entries = _entries(question, patterns)
    for entry in entries:
        if entry.mode == MODE_LINK:
            raise _file(entry.path, "is a symbolic link, and links are not followed", NO_LINK)
    found = [
        project
        for entry, data in question.tree.read(entries)
        for project in _in_file(entry.path, data)
    ]
    if not found:
        where = joined([shown(each) for each in patterns[:5]], "and")
        raise ConfigError(
            f"There is no AppProject in {where} of {question.tree.label} ({len(entries)} files).",
            advice="Look at `projects` in the source's settings.",
        )
    return found


def _entries(question: Question, patterns: Sequence[str]) -> list[Entry]:
    """The files that the patterns fit. Raises ConfigError where one of several fits none: what it
    was to name may hold a freeze."""
    kept = matcher(patterns)
    found: dict[str, Entry] = {}
    lost = []
    for pattern in patterns:
        if pattern.startswith("!"):
            continue
        exact = question.tree.find(pattern.removeprefix("./"))
        fitting = [exact] if exact is not None else _fitting(question.tree, pattern)
        found |= {each.path: each for each in fitting if each is exact or kept(each.path)}
        lost += [] if fitting else [pattern]
    if lost and found:
        raise ConfigError(
            f"{question.name}: no file of {question.tree.label} fits {shown(lost[0])}.",
            advice="Mend the pattern under `projects`, or leave it out.",
        )
    if len(found) > MAX_FILES:
        raise ConfigError(
            f"{question.name}: more than {MAX_FILES} files fit `projects`.",
            advice="Narrow the pattern.",
        )
    return [found[path] for path in sorted(found)]


def _fitting(tree: Tree, pattern: str) -> list[Entry]:
    """The files of YAML and JSON that a pattern fits."""
    fits = matcher([pattern])
    return [
        entry
        for entry in tree.below(_start(pattern))
        if entry.path.lower().endswith(_READ_AS) and fits(entry.path)
    ]


def _start(pattern: str) -> str:
    """The folder below which all is that a pattern fits; empty: the root."""
    if "/" not in pattern.rstrip("/"):
        return ""
    steps = pattern.removeprefix("./").strip("/").split("/")[:-1]
    plain_steps = []
    for step in steps:
        if re.search(r"[*?\[\\]", step):
            break
        plain_steps.append(step)
    return "/".join(plain_steps)


def _in_file(path: str, data: bytes | Unread) -> Iterator[Project]:
    """The AppProjects of a file. What does not hold the word is another kind of file."""
    if isinstance(data, Unread):
        raise _file(path, f"cannot be read: {data.reason}", "Put a small text file there.")
    if b"AppProject" not in data and b"\0" not in data:
        return
    if b"{{" in data:
        raise _file(path, "is a template, and gate renders none", "Name the rendered file.")
    for document in documents(data, path):
        yield from _in_document(document, path)


def _in_document(document: Node, path: str) -> Iterator[Project]:
    value = document.value
    if not isinstance(value, dict):
        return
    kind = value["kind"].value if "kind" in value else None
    if kind in ("List", "AppProjectList") and "items" in value:
        items = value["items"].value
        for item in items if isinstance(items, list) else []:
            if kind == "AppProjectList" and isinstance(item.value, dict):
                yield _project(plain(item), path, item)
            else:
                yield from _in_document(item, path)
    elif kind == "AppProject":
        group = value["apiVersion"].value if "apiVersion" in value else ""
        if str(group).startswith("argoproj.io/"):
            yield _project(plain(document), path, document)


def _project(content: Any, path: str | None, node: Node | None) -> Project:
    """An AppProject, its form checked. `node` has the lines."""
    where = node.mark.line if node is not None else None
    metadata = content.get("metadata") if isinstance(content, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not name:
        raise _file(path, "holds an AppProject without a name", "Mend it.", where)
    spec = content.get("spec")
    spec = {} if spec is None else spec
    windows = spec.get("syncWindows") if isinstance(spec, dict) else False
    windows = [] if windows is None else windows
    if not isinstance(windows, list):
        raise _file(path, f"holds an AppProject, {shown(name)}, of another form", "Mend it.", where)
    lines = _lines(node, len(windows))
    project = Project(name, (), path)
    found = []
    for number, (window, at) in enumerate(zip(windows, lines, strict=True)):
        _check(Window(number, window if isinstance(window, dict) else {}, at), window, project)
        found.append(Window(number, window, at))
    return Project(name, tuple(found), path)


def _lines(node: Node | None, count: int) -> list[int | None]:
    for key in ("spec", "syncWindows"):
        value = node.value if node is not None else None
        node = value.get(key) if isinstance(value, dict) else None
    items = node.value if node is not None else None
    return [item.mark.line for item in items] if isinstance(items, list) else [None] * count


def _check(window: Window, content: Any, project: Project) -> None:
    """The form of a window, as the CRD has it. Raises ConfigError."""
    if not isinstance(content, dict):
        raise _wrong(window, project, "is no mapping")
    for key, value in content.items():
        if key in _TEXTS:
            right = isinstance(value, str | None)
        elif key in _LISTS:
            right = value is None or (
                isinstance(value, list) and all(isinstance(each, str) for each in value)
            )
        elif key in _FLAGS:
            right = isinstance(value, bool | None)
        else:
            known = did_you_mean(str(key), [*_TEXTS, *_LISTS, *_FLAGS])
            raise _wrong(
                window, project, f"has an unknown key {shown(str(key))}{known}".rstrip(".")
            )
        if not right:
            raise _wrong(window, project, f"has a value of another form under `{key}`")


def _wrong(
    window: Window, project: Project, what: str, *, advice: str = "Mend the window."
) -> ConfigError:
    """`window` counts from 0, as `argocd proj windows list` does."""
    return ConfigError(
        f"Sync window {window.number} of project {shown(project.name)} {what}.",
        advice=advice,
        path=project.path,
        line=window.line,
    )


def _file(path: str | None, what: str, advice: str, at: int | None = None) -> ConfigError:
    return ConfigError(f"{'It' if path else 'The API'} {what}.", advice=advice, path=path, line=at)
