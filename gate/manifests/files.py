"""What a file is, by its name and a look at its bytes, before it is parsed."""

from __future__ import annotations

import re

_YAML = (".yaml", ".yml")
_JSON = (".json",)
_LFS = b"version https://git-lfs.github.com/spec/"
_MAX_LFS_BYTES = 1_024
_TEMPLATES = (".tpl", ".gotmpl", ".tmpl", ".j2", ".jinja", ".jinja2")
_EXPRESSION = re.compile(rb"^[^#\n]*?(?:\{\{|\{%)", re.MULTILINE)
_WORDS = (b"apiVersion", b"kind")
_KEYS = tuple(rb"[\"']?" + word + rb"[\"']?[ \t]*:" for word in _WORDS)
_TOP_KEYS = tuple(re.compile(rb"^(?:- |--- )?" + key, re.MULTILINE) for key in _KEYS)
_INDENTED_KEYS = tuple(re.compile(rb"^(?:---[ \t])?[ \t]*+" + key, re.MULTILINE) for key in _KEYS)
_NOT_DEPLOYED = re.compile(
    r"(?:^|/)(?:(?:tests?|testdata|fixtures|i18n|locales?)/.*"
    r"|openapi[^/]*|[^/]*[-.]lock(?:\.[^/]*)?|package-lock\.json)$",
    re.IGNORECASE,
)
_ESCAPED = re.compile(rb"\\(?:x|u00|U000000)([0-7][0-9a-fA-F])|\\\r?\n[ \t]*+")
_ESCAPE = re.compile(rb"\\[xuU\r\n]")
_BRACKET_FIRST = re.compile(rb"\s*+[{\[]")


def has_yaml_name(path: str) -> bool:
    """Whether a file is YAML by its name."""
    return path.lower().endswith(_YAML)


def has_json_name(path: str) -> bool:
    """Whether a file is JSON by its name."""
    return path.lower().endswith(_JSON)


def has_template_name(path: str) -> bool:
    """Whether a file is by its name text that another program renders."""
    return path.lower().endswith(_TEMPLATES)


def is_lfs_pointer(data: bytes) -> bool:
    """Whether the bytes are a Git LFS pointer, so that the content is elsewhere.

    The format: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
    """
    return len(data) < _MAX_LFS_BYTES and data.startswith(_LFS)


def is_template(path: str, data: bytes) -> bool:
    """Whether the bytes are to be rendered: a template by name, or text with an expression such as
    `{{ .Values.x }}` outside comments. It may be YAML nevertheless."""
    return has_template_name(path) or _EXPRESSION.search(data) is not None


def names_an_object(data: bytes) -> bool:
    """Whether `apiVersion` and `kind` occur at all, be it with escapes as JSON and YAML have."""
    text = _unescaped(data)
    return all(word in text for word in _WORDS)


def is_not_deployed(path: str) -> bool:
    """Whether a file is by its place or name one of tests or translations, a lock file or the
    description of an API."""
    return _NOT_DEPLOYED.search(path) is not None


def cannot_hold_an_object(data: bytes) -> bool:
    """Whether no bytes could be a Kubernetes object, whatever reads them: neither `apiVersion` nor
    `kind` occurs in any encoding, nor a quoted escape that might spell them."""
    text = data.replace(b"\0", b"")
    return _ESCAPE.search(text) is None and not any(word in text for word in _WORDS)


def _unescaped(data: bytes) -> bytes:
    """Escapes of ASCII characters, and lines that a quoted scalar joins, undone."""
    if b"\\" not in data:
        return data
    return _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()) if found[1] else b"", data)


def begins_an_object(data: bytes, *, indented: bool = False) -> bool:
    """Whether `apiVersion` and `kind` occur where an object would have them; `indented`: or deeper,
    as in a document that is indented as a whole."""
    text = _unescaped(data)
    keys = _INDENTED_KEYS if indented else _TOP_KEYS
    return names_an_object(data) and (
        _BRACKET_FIRST.match(text) is not None or all(key.search(text) for key in keys)
    )
