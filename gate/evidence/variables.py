"""Fills `${NAME}` in a source's settings from the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def missing(settings: Any, environment: Mapping[str, str]) -> list[str]:
    """The variables that are named and have no value, each once.

    An empty one counts as missing: so a CI system gives a secret that a fork may not see.
    """
    if isinstance(settings, dict):
        found = [name for value in settings.values() for name in missing(value, environment)]
    elif isinstance(settings, list):
        found = [name for value in settings for name in missing(value, environment)]
    elif isinstance(settings, str):
        found = [name for name in _VARIABLE.findall(settings) if not environment.get(name)]
    else:
        found = []
    return list(dict.fromkeys(found))


def filled(settings: Any, environment: Mapping[str, str]) -> Any:
    """The settings with each variable's value; values are not read for variables again."""
    if isinstance(settings, dict):
        return {key: filled(value, environment) for key, value in settings.items()}
    if isinstance(settings, list):
        return [filled(value, environment) for value in settings]
    if isinstance(settings, str):
        return _VARIABLE.sub(lambda match: environment[match[1]], settings)
    return settings
