"""Each event of a calendar is a freeze; what is not clear is never "no freeze"."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.evidence.freeze.ical import observe
from gate.model.manifest import Target
from gate.model.verdict import Evidence
from tests.support.web import Told, web
from tests.unit.evidence.freeze.asked import CHECKOUT, ask, reason, times, utc, windows

BERLIN = {"time_zone": "Europe/Berlin"}
CORP = """BEGIN:VTIMEZONE
TZID:Corp
BEGIN:STANDARD
DTSTART:20200101T000000
TZOFFSETFROM:+0500
TZOFFSETTO:+0500
END:STANDARD
END:VTIMEZONE"""


def event(*lines: str, uid: str = "1") -> str:
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"])


def calendar(*parts: str) -> str:
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *parts, "END:VCALENDAR", ""])


def read(content: str | bytes, **more: Any) -> list[Evidence]:
    """What a file with this content says, on Sunday 2026-11-22 at 10:00 UTC, of 31 days."""
    settings = {key: more.pop(key) for key in ("time_zone", "scope") if key in more}
    settings = {"path": "freezes.ics", **settings}
    return ask(observe, settings, {"freezes.ics": content}, name="freezes.ics", **more)


def one(*lines: str, **more: Any) -> list[tuple[str, str | None]]:
    """The times of a calendar with one event."""
    return times(read(calendar(event(*lines)), **more))


def test_an_event_is_a_freeze() -> None:
    found = read(
        calendar(
            event(
                "DTSTART:20261121T080000Z",
                "DTEND:20261123T080000Z",
                "SUMMARY:Black Friday\\, all shops",
                "DESCRIPTION:No deployments.\\nAsk the office",
                'ORGANIZER;CN="Ada: Lovelace":mailto:ada@example.org',
            )
        )
    )
    assert found[0].value == [
        {
            "source": "freezes.ics",
            "until": "2026-12-23T10:00:00Z",
            "last_end": "2026-11-23T08:00:00Z",
            "review_by": None,
            "windows": [
                {
                    "name": "Black Friday, all shops",
                    "from": "2026-11-21T08:00:00Z",
                    "until": "2026-11-23T08:00:00Z",
                    "reason": "No deployments.",
                    "who": "Ada: Lovelace",
                    "line": 4,
                }
            ],
        }
    ]


def test_an_event_needs_no_more_than_its_times() -> None:
    found = read(calendar(event("DTSTART:20261121T080000Z", "DURATION:P1DT12H")))
    (window,) = windows(found)
    assert (window["name"], window["reason"], window["who"]) == (
        "An event without a title",
        None,
        None,
    )
    text = calendar(event("DTSTART:20261122T080000Z", "DURATION:P1D", "ORGANIZER:MAILTO:a@b.c"))
    assert windows(read(text))[0]["who"] == "a@b.c"
    text = text.replace("ORGANIZER:", "ORGANIZER;CN=Lovelace, Ada:")
    assert windows(read(text))[0]["who"] == "Lovelace, Ada"


def test_a_backslash_hides_neither_a_colon_nor_a_letter() -> None:
    """Outside of texts it means nothing (RFC 5545, 3.1 and 3.2)."""
    lines = ("DTSTART;X-A=b\\:20261122T080000Z", "DURATION:PT1H", "SUMMARY:C:\\\\new\\, x")
    found = windows(read(calendar(event(*lines)), now=utc("2026-11-22T08:30")))
    assert [each["name"] for each in found] == ["C:\\new, x"]


def test_line_ends_a_mark_and_folds_within_a_sign_are_read() -> None:
    text = calendar(
        event("DTSTART:20261122T080000Z", "DTEND:20261122T120000Z", "SUMMARY:Änderungen ruhen")
    )
    folded = text.encode().replace("Ä".encode(), "Ä".encode()[:1] + b"\n " + "Ä".encode()[1:])
    for content in (folded, folded.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + folded):
        (window,) = windows(read(content))
        assert (window["name"], window["line"]) == ("Änderungen ruhen", 4)


def test_a_calendar_without_events_freezes_nothing() -> None:
    (found,) = read(calendar())
    assert (found.status, found.value[0]["windows"], found.value[0]["last_end"]) == ("ok", [], None)
    assert windows(read(calendar("BEGIN:VTODO\nSUMMARY:x\nEND:VTODO", CORP))) == []
    assert windows(read(calendar("BEGIN:VFREEBUSY\nUID:1\nEND:VFREEBUSY"))) == []


def test_several_calendars_and_bare_events_are_all_read() -> None:
    first = event("DTSTART:20261122T080000Z", "DTEND:20261122T120000Z", "SUMMARY:first")
    second = event("DTSTART:20261123T080000Z", "DTEND:20261123T120000Z", "SUMMARY:second")
    third = event("DTSTART:20261124T080000Z", "DTEND:20261124T120000Z", "SUMMARY:third")
    found = windows(read(calendar(first) + calendar(second) + third))
    assert [each["name"] for each in found] == ["first", "second", "third"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "freezes.ics: It is empty, and no calendar."),
        ("\r\n \r\n", "freezes.ics: It is empty, and no calendar."),
        ("<html>Log in</html>", "freezes.ics:1: The line is none of a calendar"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\n", ":1: It is cut short: `BEGIN:VCALENDAR`"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTST", "freezes.ics:3: The line is none of a calendar"),
        (
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR",
            ":3: `END:VCALENDAR` does not end `BEGIN:",
        ),
        ("VERSION:2.0\n" + calendar(), ":1: It does not begin with `BEGIN:VCALENDAR`."),
        (calendar() + "X-COMMENT:x", "It does not begin with `BEGIN:VCALENDAR`."),
        ("END:VCALENDAR", ":1: It does not begin with `BEGIN:VCALENDAR`."),
        (CORP, "It holds `VTIMEZONE`, which may mean a freeze and is no event."),
        (calendar("Not folded, sadly"), ":4: The line is none of a calendar: `Not folded, sadly`."),
        (calendar("X" + ';A="b"' * 1000 + ":c"), ":4: The line is none of a calendar"),
        (calendar("RDATE;VALUE=DATE"), ":4: The line is none of a calendar"),
        (calendar("RDATE;VALUE:20261122"), ":4: The line is none of a calendar"),
        (calendar("RRUL_:FREQ=DAILY"), ":4: The line is none of a calendar"),
        (calendar("RR ULE:FREQ=DAILY"), ":4: The line is none of a calendar"),
        (calendar("a.RRULE:FREQ=DAILY"), ":4: The line is none of a calendar"),
        (calendar("RRUL\u0395:FREQ=DAILY"), ":4: The line is none of a calendar"),
        (b"BEGIN:VCALENDAR\nX-A:\xe4\nEND:VCALENDAR", ":2: The line is not UTF-8. Save it as"),
        (calendar().encode("utf-16"), ":1: The line is not UTF-8."),
        (b"x" * 5_000_001, "It is too large: 5000001 bytes, at most 5000000."),
        (calendar("CALSCALE:HEBREW"), "CALSCALE `HEBREW`, and gate reads only GREGORIAN."),
        (calendar("METHOD:CANCEL"), "METHOD `CANCEL`, and gate reads only PUBLISH and REQUEST."),
        (calendar().replace("2.0", "1.0"), "VERSION `1.0`, and gate reads only 2.0."),
        (calendar("BEGIN:VAVAILABILITY\nEND:VAVAILABILITY"), ":4: It holds `VAVAILABILITY`, which"),
        (calendar("BEGIN:X-FREEZE\nEND:X-FREEZE"), ":4: It holds `X-FREEZE`, which may mean a"),
        (calendar(event("BEGIN:VEVENT\nEND:VEVENT")), "It holds `VEVENT`, which may mean a freeze"),
        ("BEGIN:VFOO\nEND:VFOO", ":1: It holds `VFOO`, which may mean a freeze"),
        ("BEGIN:A\n" * 9, "It is nested too deep."),
        (
            calendar("BEGIN:VFREEBUSY\nFREEBUSY:20261122T080000Z/PT1H\nEND:VFREEBUSY"),
            ":5: It says when someone is busy (VFREEBUSY), which is no event. Write each freeze as",
        ),
    ],
)
def test_what_is_no_whole_calendar_of_events_is_unavailable(
    content: str | bytes, told: str
) -> None:
    assert told in reason(read(content))


def test_cut_short_anywhere_it_is_unavailable() -> None:
    whole = calendar(
        CORP, event("DTSTART;TZID=Corp:20261122T080000", "DTEND;TZID=Corp:20261123T120000")
    ).strip()
    assert len(windows(read(whole))) == 1
    for length in range(len(whole)):
        assert read(whole[:length])[0].status == "unavailable", whole[:length]


def test_more_events_than_are_read_is_unavailable() -> None:
    many = "\n".join([event("DTSTART:20261122T080000Z")] * 5001)
    assert "It holds more than 5000 events." in reason(read(calendar(many)))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["SUMMARY:x"], "freezes.ics:4: The event `x` has no DTSTART."),
        (["DTSTART:20261122T080000Z", "DTSTART:20261122T080000Z"], "has DTSTART more than once."),
        (["DTSTART:2026-11-22"], "has a DTSTART that is no time, `2026-11-22`."),
        (["DTSTART:20261131"], "has a DTSTART that is no time"),
        (["DTSTART:20261122T250000Z"], "has a DTSTART that is no time"),
        (["DTSTART:20261122T080000+01"], "has a DTSTART that is no time"),
        (["DTSTART:"], "has a DTSTART that is no time"),
        (["DTSTART:20261122T 80000Z"], "has a DTSTART that is no time"),
        (["DTSTART:20261122T+80000Z"], "has a DTSTART that is no time"),
        (["DTSTART:20261122T1_0000Z"], "has a DTSTART that is no time"),
        (["DTSTART:20261122T08000\u0660Z"], "has a DTSTART that is no time"),
        (["DTSTART:080000Z"], "has a DTSTART that is no time"),
        (["DTSTART:PT1H"], "has a DTSTART that is no time"),
        (["DTSTART:20261122T080000Z/PT1H"], "has a DTSTART that is no time"),
        (["DTSTART:20261122T080000"], ":6: DTSTART `20261122T080000` has no time zone, and"),
        (["DTSTART;VALUE=DATE:20261122"], "DTSTART `20261122` has no time zone, and neither has"),
        (
            ["DTSTART;TZID=Corp:20261122T080000"],
            ":6: The time zone `Corp` is unknown, and the calendar does not define it.",
        ),
        (["DTSTART:20261122T080000Z", "DTEND:20261121T080000Z"], ":7: The event `An event without"),
        (["DTSTART:20261122T080000Z", "DTEND:20261121T080000Z"], "ends before it begins."),
        (["DTSTART:20261122T080000Z", "DURATION:-PT1H"], "ends before it begins."),
        (["DTSTART:20261122T080000Z", "DURATION:1h"], "has a duration that cannot be read, `1h`."),
        (["DTSTART:20261122T080000Z", "DURATION:P"], "has a duration that cannot be read"),
        (["DTSTART:20261122T080000Z", "DURATION:PT"], "has a duration that cannot be read"),
        (["DTSTART:20261122T080000Z", "DURATION:P1DT"], "has a duration that cannot be read"),
        (["DTSTART:20261122T080000Z", "DURATION:PT\u0661H"], "has a duration that cannot be read"),
        (["DTSTART:20261122T080000Z", "DURATION:P9999999999D"], "has a duration that cannot be"),
        (
            ["DTSTART:20261122T080000Z", "DTEND:20261122T090000Z", "DURATION:PT1H"],
            "has DTEND and DURATION, and may have one.",
        ),
        (["DTSTART:20261122T080000Z", "DTEND:20261123"], "begins with a day and ends at a time"),
        (["DTSTART:20261122T080000Z", "EXRULE:FREQ=DAILY"], "has EXRULE, which gate does not read"),
        (["DTSTART:20261122T080000Z", "SEQUENCE:a"], "has a SEQUENCE that is no number."),
        (["DTSTART:20261122T080000Z", "EXDATE:tomorrow"], "has a EXDATE that is no time"),
        (["DTSTART:20261122T080000Z", "RDATE:20261123"], "has an RDATE of another kind than"),
        (
            ["DTSTART:20261122T080000Z", "RDATE;VALUE=PERIOD:20261122T080000Z/20261121T080000Z"],
            "has an RDATE that ends before it begins.",
        ),
        (
            ["DTSTART:20261122T080000Z", "RECURRENCE-ID;RANGE=THISANDPRIOR:20261122T080000Z"],
            "speaks of other occurrences (`THISANDPRIOR`).",
        ),
        (
            ["DTSTART:20261122T080000Z", "RECURRENCE-ID:20261122T080000Z", "RRULE:FREQ=DAILY"],
            "stands for one occurrence and repeats itself.",
        ),
        (["DTSTART:20261122T080000Z", "DTEND:99991231T235959Z", "RRULE:FREQ=NEVER"], "a rule that"),
    ],
)
def test_an_event_that_is_not_understood_makes_the_calendar_unavailable(
    lines: list[str], told: str
) -> None:
    assert told in reason(read(calendar(event(*lines))))


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("FREQ=INVALID", "has a rule that cannot be read, `FREQ=INVALID`."),
        ("FREQ=DAILY;BYFOO=1", "has a rule that cannot be read"),
        ("FREQ=DAILY;INTERVAL=0", "has a rule that cannot be read"),
        ("FREQ=DAILY;COUNT=-1", "has a rule that cannot be read"),
        ("FREQ=DAILY;COUNT=+5", "has a rule that cannot be read"),
        ("FREQ=DAILY;COUNT= 5", "has a rule that cannot be read"),
        ("FREQ=DAILY;COUNT=1_0", "has a rule that cannot be read"),
        ("FREQ=DAILY;COUNT=5,6", "has a rule that cannot be read"),
        ("FREQ=DAILY;COUNT=", "has a rule that cannot be read"),
        ("FREQ=DAILY;COUNT", "has a rule that cannot be read"),
        ("FREQ=DAILY;;COUNT=5", "has a rule that cannot be read"),
        ("FREQ=DAILY;BYHOUR=1_2", "has a rule that cannot be read"),
        ("FREQ=MONTHLY;BYMONTHDAY=1, 5", "has a rule that cannot be read"),
        ("FREQ=DAILY;BYHOUR=" + "1," * 2000 + "1", "has a rule that cannot be read"),
        ("FREQ=DAILY,WEEKLY", "has a rule that cannot be read"),
        ("FREQ=DAILY;FREQ=WEEKLY", "has a rule that cannot be read"),
        ("FREQ=WEEKLY;BYDAY=XX", "has a rule that cannot be read"),
        ("RSCALE=HEBREW;FREQ=DAILY", "has a rule that cannot be read"),
        ("INTERVAL=2", "has a rule that cannot be read"),
        ("", "has a rule that cannot be read"),
        ("FREQ=MINUTELY", "has a rule that gate does not repeat, `FREQ=MINUTELY`."),
        ("FREQ=SECONDLY", "has a rule that gate does not repeat"),
        ("FREQ=DAILY;COUNT=2;UNTIL=20261231", "has a rule with UNTIL and COUNT, and may have one."),
        ("FREQ=DAILY;UNTIL=soon", "has a RRULE that is no time, `SOON`."),
        ("FREQ=DAILY;UNTIL=", "has a RRULE that is no time"),
        ("FREQ=DAILY;UNTIL=P1D", "has a RRULE that is no time"),
        ("FREQ=DAILY;UNTIL=20261231T+80000Z", "has a RRULE that is no time"),
    ],
)
def test_a_rule_that_is_not_understood_makes_the_calendar_unavailable(rule: str, told: str) -> None:
    # Long ago, too: nobody knows when it would happen.
    lines = ["DTSTART:20200101T080000Z", "DURATION:PT1H", f"RRULE:{rule}"]
    assert told in reason(read(calendar(event(*lines))))


def test_an_event_without_an_end_may_mean_one_without_end() -> None:
    told = reason(read(calendar(event("DTSTART:20261120T080000Z", "SUMMARY:Freeze"))))
    assert told == (
        "freezes.ics:4: The event `Freeze` has a beginning and no end. "
        "Give it an end (DTEND or DURATION)."
    )
    weekly = calendar(event("DTSTART:20200105T080000Z", "RRULE:FREQ=WEEKLY"))
    assert "has a beginning and no end." in reason(read(weekly))
    assert one("DTSTART:20250105T080000Z") == []
    assert one("DTSTART:20261122T120000Z", "DTEND:20261122T120000Z") == []
    assert one("DTSTART:20261122T120000Z", "DURATION:PT0S") == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Europe/Berlin", "07:00"),
        ('"Europe/Berlin"', "07:00"),
        ("Eastern Standard Time", "13:00"),
        ("/freeassociation.sourceforge.net/Europe/Berlin", "07:00"),
        ("Corp", "03:00"),
        ("UTC", "08:00"),
    ],
)
def test_zones_have_many_names(name: str, expected: str) -> None:
    lines = event(f"DTSTART;TZID={name}:20261123T080000", f"DTEND;TZID={name}:20261123T090000")
    ((begin, _),) = times(read(calendar(lines, CORP)))
    assert begin == f"2026-11-23T{expected}"


def test_a_zone_that_another_calendar_defines_stays_unknown() -> None:
    lines = event("DTSTART;TZID=Corp:20261123T080000", "DURATION:PT1H")
    assert len(windows(read(calendar(CORP, lines)))) == 1
    assert "The time zone `Corp` is unknown" in reason(read(calendar(lines)))
    assert "The time zone `Corp` is unknown" in reason(read(calendar(CORP) + calendar(lines)))
    broken = CORP.replace("TZOFFSETTO:+0500\n", "")
    told = reason(read(calendar(broken, lines)))
    assert told.startswith("freezes.ics:4: Its definition of a time zone cannot be read.")


def test_times_and_days_without_zone_are_those_of_the_settings_or_of_the_calendar() -> None:
    lines = ("DTSTART:20261123T080000", "DTEND:20261123T090000")
    assert one(*lines, **BERLIN) == [("2026-11-23T07:00", "2026-11-23T08:00")]
    own = calendar("X-WR-TIMEZONE:America/New_York", event(*lines))
    assert times(read(own)) == [("2026-11-23T13:00", "2026-11-23T14:00")]
    assert times(read(own, **BERLIN)) == [("2026-11-23T07:00", "2026-11-23T08:00")]
    wrong = calendar("X-WR-TIMEZONE:Corp", event(*lines))
    assert ":4: The time zone `Corp` is unknown" in reason(read(wrong))
    assert "There is no time zone `Berlin`" in reason(read(own, time_zone="Berlin"))
    # UTC is UTC, whatever the calendar's zone.
    utc_ = calendar(
        "X-WR-TIMEZONE:America/New_York", event("DTSTART:20261123T080000Z", "DURATION:PT1H")
    )
    assert times(read(utc_)) == [("2026-11-23T08:00", "2026-11-23T09:00")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["DTSTART;VALUE=DATE:20261122"], ("2026-11-21T23:00", "2026-11-22T23:00")),
        (["DTSTART:20261122", "DTEND:20261122"], ("2026-11-21T23:00", "2026-11-22T23:00")),
        (["DTSTART:20261122", "DTEND:20261124"], ("2026-11-21T23:00", "2026-11-23T23:00")),
        (["DTSTART:20261122", "DURATION:P1W"], ("2026-11-21T23:00", "2026-11-28T23:00")),
        (["DTSTART:20261122", "DURATION:P0D"], ("2026-11-21T23:00", "2026-11-22T23:00")),
        (
            ["DTSTART;TZID=Asia/Tokyo;VALUE=DATE:20261123"],
            ("2026-11-22T15:00", "2026-11-23T15:00"),
        ),
        (
            ["DTSTART:20261122", "TRANSP:TRANSPARENT", "STATUS:TENTATIVE"],
            ("2026-11-21T23:00", "2026-11-22T23:00"),
        ),
    ],
)
def test_whole_days_are_those_of_the_zone(lines: list[str], expected: tuple[str, str]) -> None:
    assert one(*lines, **BERLIN) == [expected]


def test_whole_days_last_as_long_as_the_day() -> None:
    assert one("DTSTART:20261025", now=utc("2026-10-25T10:00"), days=0, **BERLIN) == [
        ("2026-10-24T22:00", "2026-10-25T23:00")
    ]
    assert "lasts whole days and hours" in reason(
        read(calendar(event("DTSTART:20261122", "DURATION:PT24H")), **BERLIN)
    )


def test_a_cancelled_event_freezes_nothing() -> None:
    assert one("DTSTART:20261122T080000Z", "DTEND:20261122T120000Z", "STATUS:CANCELLED") == []


WEEKLY = ("DTSTART;TZID=Europe/Berlin:20201002T170000", "DTEND;TZID=Europe/Berlin:20201005T080000")


def test_an_occurrence_that_began_before_is_whole() -> None:
    assert one(*WEEKLY, "RRULE:FREQ=WEEKLY", days=6) == [
        ("2026-11-20T16:00", "2026-11-23T07:00"),
        ("2026-11-27T16:00", "2026-11-30T07:00"),
    ]


def test_clocks_that_change_keep_the_hours_of_an_event() -> None:
    found = one(*WEEKLY, "RRULE:FREQ=WEEKLY", now=utc("2026-10-20T00:00"), days=8)
    assert found == [("2026-10-23T15:00", "2026-10-26T07:00")]
    exact = ("DTSTART;TZID=Europe/Berlin:20261024T120000", "DURATION:PT24H")
    assert one(*exact, now=utc("2026-10-25T00:00")) == [("2026-10-24T10:00", "2026-10-25T10:00")]
    nominal = ("DTSTART;TZID=Europe/Berlin:20261024T120000", "DURATION:P1D")
    assert one(*nominal, now=utc("2026-10-25T00:00")) == [("2026-10-24T10:00", "2026-10-25T11:00")]


def test_what_a_clock_shows_twice_or_never_is_still_a_freeze() -> None:
    lines = (
        "DTSTART;TZID=Europe/Berlin:20261001T021500",
        "DTEND;TZID=Europe/Berlin:20261001T024500",
    )
    back = one(*lines, "RRULE:FREQ=DAILY", now=utc("2026-10-25T00:00"), days=0.1)
    assert back == [("2026-10-25T00:15", "2026-10-25T01:45")]
    ahead = one(*lines, "RRULE:FREQ=DAILY", now=utc("2027-03-28T00:30"), days=0.1)
    assert ahead == [("2027-03-28T01:00", "2027-03-28T01:30")]


DAILY = ("DTSTART;TZID=Europe/Berlin:20261120T100000", "DURATION:PT1H")


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        (["RRULE:FREQ=DAILY;COUNT=5"], [22, 23, 24]),
        (["RRULE:FREQ=DAILY;UNTIL=20261124T090000Z"], [22, 23, 24]),
        (["RRULE:FREQ=DAILY;UNTIL=20261124T085959Z"], [22, 23]),
        (["RRULE:FREQ=DAILY;UNTIL=20261124T100000"], [22, 23, 24]),
        (["RRULE:FREQ=DAILY;UNTIL=20261124"], [22, 23, 24]),
        (["RRULE:FREQ=DAILY;COUNT=5", "EXDATE;TZID=Europe/Berlin:20261123T100000"], [22, 24]),
        (["RRULE:FREQ=DAILY;COUNT=5", "EXDATE:20261123T090000Z,20261124T090000Z"], [22]),
        (["RRULE:FREQ=DAILY;COUNT=5", "EXDATE:20261123T100000Z"], [22, 23, 24]),
        (["RRULE:FREQ=DAILY;COUNT=5", "EXDATE;VALUE=DATE:20261123"], [22, 24]),
        (["RRULE:FREQ=DAILY;COUNT=5", "EXDATE:20261123T100000"], [22, 24]),
        (["RDATE;TZID=Europe/Berlin:20261124T100000,20261126T100000"], [24, 26]),
        (["RDATE:20261124T090000Z", "EXDATE:20261124T090000Z"], []),
        (["RDATE:"], []),
        (["RRULE:FREQ=DAILY;COUNT=4", "RRULE:FREQ=WEEKLY;COUNT=2"], [22, 23, 27]),
        (["RRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20261127T000000Z"], [22, 24, 26]),
    ],
)
def test_rules_dates_and_what_they_leave_out(lines: list[str], days: list[int]) -> None:
    # The first is at 09:00 UTC on the 22nd, an hour that ends as `now` begins: so one minute on.
    found = one(*DAILY, *lines, now=utc("2026-11-22T09:30"))
    assert [begin for begin, _ in found] == [f"2026-11-{day}T09:00" for day in days]


def test_a_rule_without_zone_does_not_end_too_early() -> None:
    lines = ("DTSTART:20261122T200000", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20261123T200000Z")
    found = one(*lines, time_zone="America/New_York")
    assert [begin for begin, _ in found] == ["2026-11-23T01:00", "2026-11-24T01:00"]


def test_a_date_may_have_a_length_of_its_own() -> None:
    lines = (
        "RDATE;VALUE=PERIOD;TZID=Europe/Berlin:20261124T100000/PT3H,20261125T100000/20261125T120000"
    )
    assert one(*DAILY, lines) == [
        ("2026-11-24T09:00", "2026-11-24T12:00"),
        ("2026-11-25T09:00", "2026-11-25T11:00"),
    ]


def test_the_first_day_counts_even_where_the_rule_ends_before() -> None:
    lines = ("DTSTART:20261123T100000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20261101T000000Z")
    assert one(*lines) == [("2026-11-23T10:00", "2026-11-23T11:00")]


@pytest.mark.parametrize(
    "until", ["20261124", "20261123T230000Z", "20261124T000000", "20261124T000000Z"]
)
def test_whole_days_are_repeated_until_a_day(until: str) -> None:
    found = one("DTSTART:20261122", f"RRULE:FREQ=DAILY;UNTIL={until}", **BERLIN)
    assert [begin for begin, _ in found] == [
        "2026-11-21T23:00",
        "2026-11-22T23:00",
        "2026-11-23T23:00",
    ]


@pytest.mark.parametrize(
    "left_out",
    [
        "EXDATE:20261123",
        "EXDATE;TZID=Europe/Berlin:20261123T000000",
        "EXDATE:20261122T230000Z",
        "EXDATE:20261123T000000",
        "EXDATE:20261123T000000Z",
    ],
)
def test_whole_days_are_left_out_by_a_day_or_its_midnight(left_out: str) -> None:
    found = one("DTSTART:20261122", "RRULE:FREQ=DAILY;COUNT=3", left_out, **BERLIN)
    assert [begin for begin, _ in found] == ["2026-11-21T23:00", "2026-11-23T23:00"]


def test_whole_days_are_not_left_out_by_an_hour() -> None:
    lines = ("DTSTART:20261122", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261123T120000Z")
    assert "leaves out a time (EXDATE) and lasts whole days" in reason(
        read(calendar(event(*lines)), **BERLIN)
    )


def changed(*lines: str, master: tuple[str, ...] = DAILY) -> list[tuple[str, str | None]]:
    """An event of five days from the 20th, and one that stands for an occurrence."""
    text = calendar(event(*master, "RRULE:FREQ=DAILY;COUNT=5"), event(*lines))
    return times(read(text, now=utc("2026-11-22T09:30")))


def test_an_occurrence_is_put_elsewhere() -> None:
    at = "RECURRENCE-ID;TZID=Europe/Berlin:20261123T100000"
    assert changed(at, "DTSTART:20261130T200000Z", "DURATION:PT2H") == [
        ("2026-11-22T09:00", "2026-11-22T10:00"),
        ("2026-11-24T09:00", "2026-11-24T10:00"),
        ("2026-11-30T20:00", "2026-11-30T22:00"),
    ]


def test_an_occurrence_from_long_ago_is_put_here() -> None:
    at = "RECURRENCE-ID:20261120T090000Z"
    moved = changed(at, "DTSTART:20261201T090000Z", "DURATION:PT1H")
    assert ("2026-12-01T09:00", "2026-12-01T10:00") in moved


def test_an_occurrence_is_cancelled_and_others_are_not() -> None:
    at = "RECURRENCE-ID:20261123T090000Z"
    found = changed(at, "DTSTART:20261123T090000Z", "DURATION:PT1H", "STATUS:CANCELLED")
    assert [begin[8:10] for begin, _ in found] == ["22", "24"]
    astray = changed(
        "RECURRENCE-ID:20261123T100000Z",
        "DTSTART:20261123T090000Z",
        "DURATION:PT1H",
        "STATUS:CANCELLED",
    )
    assert [begin[8:10] for begin, _ in astray] == ["22", "23", "24"]


def test_the_newest_revision_counts() -> None:
    at = "RECURRENCE-ID:20261123T090000Z"
    old = event(at, "SEQUENCE:1", "DTSTART:20261123T090000Z", "DURATION:PT1H", "STATUS:CANCELLED")
    new = event(at, "SEQUENCE:2", "DTSTART:20261123T120000Z", "DURATION:PT1H")
    master = event(*DAILY, "RRULE:FREQ=DAILY;COUNT=5")
    for parts in ((master, old, new), (new, old, master)):
        found = times(read(calendar(*parts), now=utc("2026-11-22T09:30")))
        assert [begin[8:] for begin, _ in found] == ["22T09:00", "23T12:00", "24T09:00"]


def test_events_that_share_a_uid_by_mistake_all_count() -> None:
    parts = [
        event(f"DTSTART:202611{day}T090000Z", "DURATION:PT1H", f"SUMMARY:{day}") for day in (23, 24)
    ]
    assert [each["name"] for each in windows(read(calendar(*parts)))] == ["23", "24"]
    without = [each.replace("UID:1\n", "") for each in parts]
    assert [each["name"] for each in windows(read(calendar(*without)))] == ["23", "24"]


def test_an_occurrence_and_all_that_follow_are_moved() -> None:
    at = "RECURRENCE-ID;RANGE=THISANDFUTURE:20261123T090000Z"
    assert changed(at, "DTSTART:20261123T120000Z", "DURATION:PT2H") == [
        ("2026-11-22T09:00", "2026-11-22T10:00"),
        ("2026-11-23T12:00", "2026-11-23T14:00"),
        ("2026-11-24T12:00", "2026-11-24T14:00"),
    ]
    ended = changed(at, "DTSTART:20261123T120000Z", "DURATION:PT2H", "STATUS:CANCELLED")
    assert ended == [("2026-11-22T09:00", "2026-11-22T10:00")]


TWICE = ("DTSTART;TZID=Europe/Berlin:20261120T090000", "DURATION:PT1H")


def test_of_two_on_a_day_only_the_one_that_is_named_is_left_out_or_moved() -> None:
    rule = "RRULE:FREQ=DAILY;BYHOUR=9,10;COUNT=10"
    left_out = one(*TWICE, rule, "EXDATE;TZID=Europe/Berlin:20261123T100000", days=1.5)
    assert [begin[8:] for begin, _ in left_out] == ["23T08:00"]
    at = "RECURRENCE-ID;TZID=Europe/Berlin:20261123T100000"
    text = calendar(event(*TWICE, rule), event(at, "DTSTART:20261123T200000Z", "DURATION:PT1H"))
    assert [begin[8:] for begin, _ in times(read(text, days=1.5))] == ["23T08:00", "23T20:00"]


def last_end(*parts: str, **more: Any) -> str | None:
    (found,) = read(calendar(*parts), **more)
    end: str | None = found.value[0]["last_end"]
    return end


def test_when_the_last_event_ends_is_told_also_where_it_is_long_ago_or_far_away() -> None:
    once = event("DTSTART:20200101T080000Z", "DTEND:20200102T080000Z")
    assert last_end(once) == "2020-01-02T08:00:00Z"
    for rule, expected in (
        ("FREQ=WEEKLY;UNTIL=20351231T000000Z", "2035-12-31T07:00:00Z"),
        ("FREQ=WEEKLY;COUNT=3", "2020-10-19T06:00:00Z"),
        ("FREQ=YEARLY;UNTIL=20301231T000000Z", "2030-10-05T06:00:00Z"),
        ("FREQ=WEEKLY", None),
        ("FREQ=WEEKLY;UNTIL=99991231T235959Z", None),
    ):
        weekly = event(*WEEKLY, f"RRULE:{rule}", uid="2")
        assert last_end(once, weekly) == expected, rule
    extra = event(*WEEKLY, "RDATE;TZID=Europe/Berlin:20400106T170000")
    assert last_end(extra) == "2040-01-09T07:00:00Z"


def test_whom_it_holds_for_is_the_scope_of_the_settings() -> None:
    text = calendar(event("DTSTART:20261122T080000Z", "DTEND:20261122T120000Z"))
    targets = [CHECKOUT, Target("cart", "production", 2), Target("cart", "staging")]
    for scope, expected in (
        ({}, [1, 1, 1]),
        ({"environments": ["production"]}, [1, 1, 0]),
        ({"services": ["cart"], "environments": ["staging"]}, [0, 0, 1]),
        ({"tiers": [1]}, [1, 0, 1]),
    ):
        found = read(text, scope=scope, targets=targets)
        assert [len(each.value[0]["windows"]) for each in found] == expected, scope
    wrong = read(text, scope={"services": ["chekout"]}, services=["checkout", "cart"])
    assert reason(wrong) == (
        "freezes.ics: The config knows no service `chekout`. Did you mean `checkout`?"
    )


def test_a_missing_file_is_unavailable() -> None:
    assert "There is no file `a.ics` in main." in reason(ask(observe, "a.ics"))


def test_an_address_is_asked() -> None:
    text = calendar(event("DTSTART:20261122T080000Z", "DTEND:20261122T120000Z"))
    with web(lambda _: Told(200, text.encode())) as server:
        assert len(windows(ask(observe, server.address + "/a.ics?key=hunter22", name="ical"))) == 1
        assert server.asked[0].headers["Accept"].startswith("text/calendar")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (Told(200, b""), "ical: its answer is empty"),
        (Told(200, b"<!DOCTYPE html><title>Log in", {"Content-Type": "text/html"}), "a page for"),
        (Told(200, b"BEGIN:VCALENDAR\r\n"), "ical:1: It is cut short"),
        (Told(404, b""), "(404)"),
        (Told(302, b"", {"Location": "https://login.example/"}), "gate follows no redirect"),
    ],
)
def test_another_answer_than_a_calendar_is_unavailable(told: Told, expected: str) -> None:
    with web(lambda _: told) as server:
        found = reason(ask(observe, server.address + "/a.ics?key=hunter22", name="ical"))
    assert expected in found
    assert "hunter" not in found


LINES = st.sampled_from(
    [
        "BEGIN:VCALENDAR",
        "END:VCALENDAR",
        "BEGIN:VEVENT",
        "END:VEVENT",
        "DTSTART:20261122T080000Z",
        "DTSTART:99991231T235959Z",
        "DTSTART;TZID=Asia/Tokyo:00010101T000000",
        "DURATION:P99999D",
        "DTEND;TZID=Asia/Tokyo:00010101T000000",
        "DTEND:99991231T235959Z",
        "RRULE:FREQ=DAILY",
        "RRULE:FREQ=YEARLY;BYMONTHDAY=31;UNTIL=99991231",
        "EXDATE:00010101",
        "RDATE:99991231",
        "DTSTART:20261122",
        "DTEND:20261123",
        "RECURRENCE-ID:20261122",
        "UID:1",
        "X",
        "A;B:",
    ]
)


@given(st.lists(LINES, max_size=8))
def test_no_lines_raise(lines: list[str]) -> None:
    read("\n".join(lines), **BERLIN)
    read(calendar(event(*lines)), **BERLIN)


@given(st.binary(max_size=50))
def test_no_bytes_are_read_as_no_freeze(content: bytes) -> None:
    assert read(content)[0].status == "unavailable"


def test_too_many_occurrences_are_unavailable() -> None:
    hourly = ("DTSTART:20260101T000000Z", "DURATION:PT1M", "RRULE:FREQ=HOURLY")
    many = calendar(*(event(*hourly, uid=str(at)) for at in range(30)))
    assert "Its events happen more than 20000 times in the time asked for." in reason(read(many))
    told = reason(read(calendar(event(*hourly)), days=3 * 366))
    assert "happens more than 20000 times." in told


@pytest.mark.parametrize("now", ["0001-01-01T00:00", "9999-12-31T23:59"])
@pytest.mark.parametrize("start", ["00010101", "19700101T000000", "99991231", "99991231T235959"])
@pytest.mark.parametrize("rule", ["FREQ=DAILY", "FREQ=YEARLY;INTERVAL=999", "FREQ=WEEKLY;COUNT=9"])
@pytest.mark.parametrize("place", ["Asia/Tokyo", "America/New_York", "UTC"])
def test_no_clock_and_no_year_raises(now: str, start: str, rule: str, place: str) -> None:
    lines = (f"DTSTART:{start}", "DURATION:P1D", f"RRULE:{rule}")
    found = read(calendar(event(*lines)), now=utc(now), time_zone=place)
    assert found[0].status in ("ok", "unavailable")
