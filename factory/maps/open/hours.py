"""OSM's opening_hours in Chinese, as far as its everyday forms go: Mo-Fr 10:30-20:00; Sa,Su 11:00-18:00; PH off. Pure.

What is more than that (months, sunset, "by appointment") gives None: hours that cannot be said rightly are not said.
"""

from __future__ import annotations

import re

_DAYS = {
    "mo": "周一",
    "tu": "周二",
    "we": "周三",
    "th": "周四",
    "fr": "周五",
    "sa": "周六",
    "su": "周日",
    "ph": "节假日",
}
_DAY = r"(?:Mo|Tu|We|Th|Fr|Sa|Su|PH)"
_SPAN = r"\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}"
_RULE = re.compile(
    rf"(?P<days>{_DAY}(?:\s*[-,]\s*{_DAY})*)?\s*(?P<times>{_SPAN}(?:\s*,\s*{_SPAN})*|(?<=\s)(?:off|closed)\b)\s*(?:[;,]\s*|$|(?=\s{_DAY}))",
    re.IGNORECASE,
)


def spoken_hours(raw: str) -> str | None:
    """Chinese text with the same times, or None."""
    if raw.strip() == "24/7":
        return "24小时营业"
    said: list[str] = []
    position = 0
    text = raw.strip()
    while position < len(text):
        found = _RULE.match(text, position)
        if found is None:
            return None
        said.append(_spoken(found["days"] or "", found["times"]))
        position = found.end()
        while position < len(text) and text[position].isspace():
            position += 1
    return "；".join(said) or None


def _spoken(days: str, times: str) -> str:
    whole = re.sub(r"\s", "", days)
    spoken = re.sub(_DAY, lambda found: _DAYS[found[0].lower()], whole, flags=re.IGNORECASE)
    spoken = spoken.replace("-", "至").replace(",", "、")
    if times.lower() in {"off", "closed"}:
        return f"{spoken or '每天'}休息"
    return spoken + " ".join(_pad(part) for part in re.sub(r"\s", "", times).split(","))


def _pad(span: str) -> str:
    """9:00-24:00 as 09:00-24:00."""
    return "-".join(f"{int(time.split(':')[0]):02d}:{time.split(':')[1]}" for time in span.split("-"))
