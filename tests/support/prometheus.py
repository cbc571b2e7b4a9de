"""A real Prometheus on loopback, with thirty days of history and the rules that Sloth generates,
and a real Alertmanager that gets their alerts.

Six services have an objective of 99.9 % each: `healthy`, `burning` (two bad hours until now),
`exhausted` (a bad day ten days ago), `silent` (its metrics end three hours ago), `nan` (nobody
used it for ten minutes, five days ago) and `flawless` (no error series was ever there, and the
rule falls back to `vector(0)`). All have counters `http_requests_total{job,code}` for thirty days.
"""

from __future__ import annotations

import json
import math
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from tests.support.tools import need

STEP = 300
DAY = 86400
DAYS = 30
RATE = 10
"""Requests in a second."""
FEW = 0.0002
"""The share of errors when all is well."""
SERVICES = ("healthy", "burning", "exhausted", "silent", "nan", "flawless")

_FINE = 3600
_SPEC = """\
version: prometheus/v1
service: {service}
slos:
  - name: availability
    objective: 99.9
    sli:
      events:
        error_query: >-
          sum(rate(http_requests_total{{job="{service}",code="500"}}[{{{{.window}}}}])){more}
        total_query: sum(rate(http_requests_total{{job="{service}"}}[{{{{.window}}}}]))
    alerting:
      name: BurnsTooFast
"""
_ALERTMANAGER = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


@dataclass(frozen=True)
class Server:
    """A running Prometheus. `now` is the time for which its data holds: its counters end there.
    `alerts` are the labels of what the Alertmanager had got of it by then."""

    address: str
    now: datetime
    process: subprocess.Popen[bytes]
    alerts: tuple[Mapping[str, str], ...] = ()

    def query(self, expression: str, at: datetime | None = None) -> list[dict[str, Any]]:
        """The result of an instant query, at `now` where no time is given."""
        form = urlencode({"query": expression, "time": (at or self.now).timestamp()}).encode()
        with urllib.request.urlopen(f"{self.address}/api/v1/query", form, timeout=20) as reply:
            result: list[dict[str, Any]] = json.load(reply)["data"]["result"]
            return result

    def number(self, expression: str) -> float:
        """The one number of a query."""
        (only,) = self.query(expression)
        return float(only["value"][1])

    def settled(self, service: str) -> datetime:
        """A time shortly before `now` at which all series of Sloth tell of the same moment: its
        groups of rules are evaluated one after the other."""
        own = f'{{sloth_service="{service}"}}'
        difference = (
            f"abs(1 - slo:sli_error:ratio_rate30d{own} / on() slo:error_budget:ratio{own}"
            f" - on() slo:period_error_budget_remaining:ratio{own}) < 1e-9"
        )
        times = (self.now - timedelta(milliseconds=20 * step) for step in range(200))
        return next(at for at in times if self.query(difference, at))

    def kill(self) -> None:
        """Ends it at once, as a crash does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


def share(service: str, ago: float) -> float:
    """The share of errors of a service some seconds before `now`."""
    if service == "burning" and ago < 2 * 3600:
        return 0.02
    if service == "exhausted" and 10 * DAY <= ago < 11 * DAY:
        return 0.1
    return 0.0 if service == "flawless" else FEW


def spec(service: str, more: str = "") -> str:
    """A spec of Sloth for the SLO `availability` of a service, its error query with an end."""
    return _SPEC.format(service=service, more=more)


def sloth_rules(folder: Path, name: str, text: str) -> Path:
    """The rules that Sloth generates from a spec."""
    (folder / f"{name}.spec.yml").write_text(text)
    made = folder / f"{name}.rules.yml"
    subprocess.run(
        [need("sloth"), "generate", "-i", folder / f"{name}.spec.yml", "-o", made],
        check=True,
        capture_output=True,
    )
    return made


def blocks(folder: Path, lines: Iterator[str]) -> Path:
    """A folder of TSDB blocks made of OpenMetrics text, without its `# EOF`."""
    text, data = folder / "history.txt", folder / "data"
    with text.open("w") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.write("# EOF\n")
    subprocess.run(
        [
            *(need("promtool"), "tsdb", "create-blocks-from", "--max-block-duration=768h"),
            *("openmetrics", text, data),
        ],
        check=True,
        capture_output=True,
    )
    return data


@contextmanager
def running(
    folder: Path,
    rules: Iterator[Path] | tuple[Path, ...] = (),
    now: datetime | None = None,
    interval: str = "2s",
    alertmanager: str = "",
) -> Iterator[Server]:
    """A Prometheus with the blocks in `folder / "data"` and these rules, which begin to record
    when it starts. `alertmanager` is the address of who gets its alerts."""
    config: dict[str, Any] = {
        "global": {"evaluation_interval": interval},
        "rule_files": [str(path) for path in rules],
    }
    if alertmanager:
        target = {"static_configs": [{"targets": [alertmanager.removeprefix("http://")]}]}
        config["alerting"] = {"alertmanagers": [target]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    options = (
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=90d",
        "--rules.alert.resend-delay=1s",
    )
    with _started(folder / "log", need("prometheus"), *options) as (address, process):
        yield Server(address, now or datetime.now(UTC), process)


@contextmanager
def alerted(folder: Path) -> Iterator[str]:
    """The address of an Alertmanager that tells nobody."""
    config = folder / "alertmanager.yml"
    config.write_text(_ALERTMANAGER)
    options = (
        f"--config.file={config}",
        f"--storage.path={folder / 'alerts'}",
        "--cluster.listen-address=",
    )
    program = need("prometheus-alertmanager")
    with _started(folder / "alertmanager.log", program, *options) as (address, _):
        yield address


def firing(alertmanager: str) -> tuple[Mapping[str, str], ...]:
    """The labels of the alerts that an Alertmanager holds, and that are not over."""
    address = f"{alertmanager}/api/v2/alerts?active=true"
    with urllib.request.urlopen(address, timeout=20) as reply:
        return tuple(each["labels"] for each in json.load(reply))


@contextmanager
def _started(log: Path, *command: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server on a free port, once it is ready: its address and its process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{port}"],
            stdout=file,
            stderr=file,
            env={"PATH": os.environ["PATH"]},
        )
    address = f"http://127.0.0.1:{port}"
    try:
        waited(lambda: _is_ready(address), f"ready; see {log}")
        yield address, process
    finally:
        process.kill()
        process.wait(10)


def waited(is_there: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Waits until something is there."""
    until = time.monotonic() + seconds
    while not is_there():
        if time.monotonic() > until:
            raise AssertionError(f"not there in time: {what}")
        time.sleep(0.05)


@contextmanager
def with_history(folder: Path) -> Iterator[Server]:
    """The Prometheus of this module's first lines."""
    end = int(time.time())
    fallbacks = {"flawless": " OR on() vector(0)", "burning": " or vector(0)"}
    rules = {
        service: sloth_rules(folder, service, spec(service, fallbacks.get(service, "")))
        for service in SERVICES
    }
    blocks(folder, _history(end, rules))
    with (
        alerted(folder) as alertmanager,
        running(folder, tuple(rules.values()), alertmanager=alertmanager) as server,
    ):
        needed = "count(slo:period_error_budget_remaining:ratio) == 6"
        waited(lambda: server.query(needed, datetime.now(UTC)), "recorded budgets")
        waited(lambda: firing(alertmanager), "alerts at the Alertmanager")
        time.sleep(2.1)
        now = datetime.now(UTC) - timedelta(seconds=1)
        yield replace(server, now=now, alerts=firing(alertmanager))


def _history(end: int, rules: Mapping[str, Path]) -> Iterator[str]:
    yield "# TYPE http_requests counter"
    for service in SERVICES:
        yield from _counters(service, end)
    yield "# TYPE slo:sli_error:ratio_rate5m gauge"
    for service, path in rules.items():
        yield from _ratios(service, end, path)


def _times(service: str, end: int) -> Iterator[int]:
    """Each five minutes, and each half minute at the end."""
    last = end - 3 * 3600 if service == "silent" else end
    start = end - DAYS * DAY
    yield from range(start, last - _FINE, STEP)
    yield from range(last - _FINE, last + 1, 30)


def _counters(service: str, end: int) -> Iterator[str]:
    for code in ("200", "500"):
        if (service, code) == ("flawless", "500"):
            continue
        value, before = 0.0, end - DAYS * DAY
        for at in _times(service, end):
            bad = share(service, end - at)
            used = 0 if service == "nan" and _is_idle(end - at) else RATE
            value += (at - before) * used * (bad if code == "500" else 1 - bad)
            before = at
            yield f'http_requests_total{{job="{service}",code="{code}"}} {value:.3f} {at}'


def _ratios(service: str, end: int, path: Path) -> Iterator[str]:
    """What the rule for five minutes would have recorded, each five minutes."""
    groups = yaml.safe_load(path.read_text())["groups"]
    labels = groups[0]["rules"][0]["labels"]
    told = ",".join(f'{name}="{value}"' for name, value in labels.items())
    last = end - 3 * 3600 if service == "silent" else end
    for at in range(end - DAYS * DAY, last, STEP):
        is_nan = service == "nan" and _is_idle(end - at)
        ratio = math.nan if is_nan else share(service, end - at)
        text = "NaN" if math.isnan(ratio) else f"{ratio}"
        yield f"slo:sli_error:ratio_rate5m{{{told}}} {text} {at}"


def _is_idle(ago: float) -> bool:
    return 5 * DAY <= ago < 5 * DAY + 600


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/-/ready", timeout=2) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False
