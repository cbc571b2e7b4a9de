"""What an address says, without asking it."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit, urlunsplit


def is_loopback(host: str) -> bool:
    """Whether a host name is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown(address: str) -> str:
    """An address as people may see it: without user and password, query and fragment. One without
    `//` is not shown: nobody can say where its password would stand."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "the address"
    if not parts.netloc:
        return "the address"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
