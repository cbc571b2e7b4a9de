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
_TOP_KEYS = tuple(
    re.compile(rb"^(?:- |--- )?[\"']?" + word + rb"[\"']?[ \t]*:", re.MULTILINE) for word in _WORDS
)
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
    """Whether `apiVersion` and `kind` occur at all."""
    return all(word in data for word in _WORDS)


def begins_an_object(data: bytes) -> bool:
    """Whether `apiVersion` and `kind` occur where an object would have them."""
    return names_an_object(data) and (
        _BRACKET_FIRST.match(data) is not None or all(key.search(data) for key in _TOP_KEYS)
    )
