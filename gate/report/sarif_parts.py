"""Parts of SARIF 2.1.0: messages, places, and what a rule says of itself.

The sections in brackets are those of the standard:
https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlsplit

from gate.model.manifest import Location
from gate.model.policy import Rule
from gate.model.verdict import Finding, RuleOutcome
from gate.report.escape import plain
from gate.report.words import place

Json = dict[str, Any]

ROOT = "%SRCROOT%"
"""The base that places are relative to: the root of the repository."""
MESSAGE = 4_096
"""The longest message, in characters."""
DESCRIPTION = 1_024
"""The longest description that GitHub takes, in characters."""
HOME = ".gate.yaml"
"""Where a finding stands that has no place in a file, as a freeze: GitHub refuses a whole upload
with one result that has none. The configuration is the same file in each change, which the first
changed file is not, and says who is asked."""

_MARKDOWN = re.compile(r"([\\*_\[\]<>#!|~&])")


def message(text: str, most: int = MESSAGE) -> Json:
    """A message of plain text that holds neither placeholders (3.11.5) nor links (3.11.6).

    Braces are doubled. Brackets cannot be escaped outside a link: what would end the text of one
    is parted by a space.
    """
    return {"text": _cut(_literal(plain(text)), most)}


def _literal(text: str) -> str:
    return text.replace("](", "] (").replace("{", "{{").replace("}", "}}")


def _cut(text: str, most: int) -> str:
    """At most so many characters, and no half of a doubled brace at the end."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    for brace in "{}":
        if (len(kept) - len(kept.rstrip(brace))) % 2:
            kept = kept[:-1]
    return kept + "…"


def location(finding: Finding) -> Json:
    """The finding's place; a line of the base is told in words, since the file of the head does
    not have it."""
    named = _named(finding)
    return {
        "physicalLocation": physical(finding.location),
        **({"logicalLocations": [named]} if named else {}),
    }


def physical(at: Location | None) -> Json:
    """A file, and the line where the head has it (3.29)."""
    if at is None:
        return {"artifactLocation": artifact(HOME)}
    where: Json = {"artifactLocation": artifact(at.path)}
    if at.line and at.side == "new":
        column = {"startColumn": at.column} if at.column else {}
        where["region"] = {"startLine": at.line, **column}
    return where


def artifact(path: str) -> Json:
    """A file as a URI (3.4): relative to the root of the repository, or absolute as it was given.
    Bytes that are no UTF-8 stay what they are."""
    try:
        uri = quote(path, safe="/", errors="surrogateescape")
    except UnicodeEncodeError:
        uri = quote(path, safe="/", errors="surrogatepass")
    if uri.startswith("/"):
        return {"uri": "file:///" + uri.lstrip("/")}
    return {"uri": uri, "uriBaseId": ROOT}


def said(finding: Finding) -> str:
    """The message, with the place in words where the head has none."""
    if finding.location and finding.location.side == "old":
        return f"{finding.message} It stood at {place(finding.location)}."
    return finding.message


def descriptor(outcome: RuleOutcome) -> Json:
    """What a rule says of itself (3.49). Its level is that of the rule, not of this run."""
    rule = outcome.about
    told = _told(outcome.rule, rule)
    written: Json = {
        "id": plain(outcome.rule),
        "name": "".join(part.capitalize() for part in re.findall(r"[a-zA-Z0-9]+", outcome.rule)),
        "shortDescription": message(rule.title if rule and rule.title else outcome.rule, 250),
        "fullDescription": message(told[0], DESCRIPTION),
        "help": {
            "text": "\n\n".join(_literal(plain(each)) for each in told),
            "markdown": "\n\n".join(markdown(each) for each in told),
        },
        "defaultConfiguration": {"level": "warning" if rule and rule.level == "warn" else "error"},
        "properties": {"tags": _tags(outcome.rule, rule)},
    }
    if rule and rule.runbook and _is_address(rule.runbook):
        written["helpUri"] = rule.runbook
    return {key: value for key, value in written.items() if value}


def markdown(text: str) -> str:
    """The text in Markdown, as it is: no link by name, no picture, no HTML. What stands between
    backquotes stays code."""
    parts = plain(text).split("`")
    if len(parts) % 2 == 0:
        parts = ["'".join(parts)]
    shown = (
        (f"`{part}`" if part else "") if number % 2 else _MARKDOWN.sub(r"\\\1", part)
        for number, part in enumerate(parts)
    )
    return "".join(shown).replace("{", "{{").replace("}", "}}")


def _told(name: str, rule: Rule | None) -> list[str]:
    """Paragraphs: what it asks, how to satisfy it, where to read more."""
    if rule is None:
        return [name]
    paragraphs = [
        _flat(rule.description) or rule.title or name,
        f"How to satisfy it: {_flat(rule.remediation)}" if rule.remediation else "",
        f"It serves: {_flat(rule.standard)}" if rule.standard else "",
        f"Runbook: {_flat(rule.runbook)}" if rule.runbook else "",
        f"`gate explain {name}` shows the rule and its settings.",
    ]
    return [each for each in paragraphs if each]


def _flat(text: str) -> str:
    return " ".join(text.split())


def _tags(name: str, rule: Rule | None) -> list[str]:
    """The area, and which evidence is needed: GitHub filters by them."""
    area = plain(name.partition(".")[0])
    return sorted({area, *(plain(kind) for kind in (rule.requires if rule else ()))})


def _named(finding: Finding) -> Json | None:
    """The object, or the service, that it speaks of (3.33)."""
    if finding.resource:
        full = plain(finding.resource)
        return {"fullyQualifiedName": full, "kind": "resource"}
    if finding.service:
        return {"fullyQualifiedName": plain(finding.service), "kind": "service"}
    return None


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    printable = text.isascii() and text.isprintable() and not re.search(r'[\s<>"{}|\\^`]', text)
    return printable and parts.scheme in ("http", "https") and bool(parts.netloc)
