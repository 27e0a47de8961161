"""Times of the format: RFC 3339 in UTC with milliseconds, and only those that exist in the calendar."""

from __future__ import annotations

import re

FORM = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})\.(\d{3})Z\Z", re.ASCII)


def exists(year: int, month: int, day: int, hour: int, minute: int, second: int) -> bool:
    """Whether there is such a moment. Second 60 never is; the year 0000 is a leap year, as ISO 8601 counts."""
    if not 1 <= month <= 12 or hour > 23 or minute > 59 or second > 59:
        return False
    return 1 <= day <= _days_in(year, month)


def is_time(text: str) -> bool:
    match = FORM.match(text)
    return match is not None and exists(*(int(part) for part in match.groups()[:6]))


def milliseconds(text: str) -> int:
    """Milliseconds since 0000-03-01; only differences of two of them mean anything."""
    match = FORM.match(text)
    if match is None:
        raise ValueError(text)
    year, month, day, hour, minute, second, milli = (int(part) for part in match.groups())
    # Counted from March, the leap day is the last of its year, and months follow one formula.
    shifted = year - 1 if month <= 2 else year
    days = 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + milli


def _days_in(year: int, month: int) -> int:
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return 29 if leap else 28
    return 30 if month in (4, 6, 9, 11) else 31
