"""Acts of time: opening and closing, breaks, open at a meal or a time, days off. What the week's text tells decides (hours.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier import rules
from factory.verifier.clock import Clock
from factory.verifier.days import GOOD, Test, day_words, status_of_days, weekdays
from factory.verifier.deciding import show
from factory.verifier.fit import meal_of
from factory.verifier.hours import DAY_MIN, Day, breaks, closes, hours_of, opens, overlap_min
from factory.verifier.lexer import ROLES, Token
from factory.verifier.references import the_set
from factory.verifier.scene import Said, State, UnreadError

PARTS_OF_DAY: Final = {
    "早上": (390, 600), "早晨": (390, 600), "一早": (360, 600), "一大早": (360, 600), "清早": (360, 540), "上午": (480, 690), "中午": (660, 810), "正午": (690, 780), "下午": (840, 1020),
    "午后": (810, 1020), "傍晚": (1020, 1140), "晚上": (1080, 1260), "夜里": (1290, 1440), "深夜": (1350, 1560), "半夜": (1410, 1560), "凌晨": (1440, 1740), "午夜": (1410, 1500), "入夜": (1140, 1320),
    "夜晚": (1080, 1320), "后半夜": (1500, 1740), "午市": (660, 810), "晚市": (1020, 1230), "早市": (390, 570), "午间": (660, 810), "晚间": (1080, 1260), "夜市": (1260, 1440), "早间": (390, 570),
    "夜间": (1260, 1440), "下午场": (840, 1020), "晚场": (1080, 1320), "午间时段": (660, 810), "晚间时段": (1080, 1260),
}  # fmt: skip
"""What a part of the day spans, in minutes: open for half an hour of it is open in it."""


def say_of_days(said: Said, state: State, test: Test, kind: str = "hours", missed: str | None = None) -> None:
    """A claim of hours about everybody who is spoken of, on each of the days that are meant. Raises UnreadError."""
    try:
        pois = state.who()
    except UnreadError:
        if state.part != "opening" or not state.scene.listed:
            raise
        pois = state.scene.listed  # 晚饭可去：before the list: it may hold of all, and is wrong of nobody
    words, carried = day_words(said, state)
    if state.item is not None and said.of("OTHER"):
        words, carried = ("其余",), False
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in pois:
        status = status_of_days(poi, words, test, carried=carried, meal=kind == "open_at")
        if kind == "open_at" and status in GOOD and missed is None and _is_closed(poi, state):
            status = "contradicted"  # whatever its hours say, it does not serve
        elif status == "unsupported" and missed == "hours" and _is_closed(poi, state):
            status = "inferable"  # 暂停营业，晚上不开门
        if pois is state.scene.listed and status not in GOOD:
            raise UnreadError
        rows.append((poi, status, show(poi, "hours")))
    state.say(kind, said.text, rows, missed)
    state.field = "hours"


def _is_closed(poi: Poi, state: State) -> bool:
    return any(miss.kind == "closed" for miss in state.scene.misses(poi))


def _ranges(tokens: Sequence[Token]) -> list[tuple[Clock, Clock]]:
    return [token.value for token in tokens if "TR" in ROLES[token.char]]


def hours(said: Said, state: State) -> None:
    """Each stated range must be a whole opening span; across a break it is none. With 全天 or 不休息, no break either."""
    ranges = _ranges(said.all("v"))
    whole = bool(said.of("ALLDAY") or said.of("NOREST"))

    during = any(token.text in _DURING for token in said.of("OPENV"))

    def test(day: Day) -> ClaimStatus:
        if during and all(any(_covers(day, *span) for span in _readings(first, last)) for first, last in ranges):
            return "inferable"  # 17点到20点半都在营业
        if any(not any(_is_span(day, *span) for span in _readings(first, last)) for first, last in ranges):
            return "contradicted"
        return "contradicted" if whole and len(day) != 1 else "verified"

    say_of_days(said, state, test)


def _readings(first: Clock, last: Clock) -> list[tuple[int, int]]:
    """The spans that a range may mean: 两点到五点 is most often of the afternoon."""
    own = (first.minutes, last.minutes)
    return [own, (own[0] + DAY_MIN // 2, own[1] + DAY_MIN // 2)] if first.either else [own]


_DURING: Final = frozenset(
    {"在营业", "都在营业", "开着", "都开着", "开着门", "都开着门", "照常营业", "正常营业", "营业着", "在开", "都在开"}
)
"""Open all the while: the range need not be the shop's own."""


def _covers(day: Day, start: int, end: int) -> bool:
    return overlap_min(day, (start, end), before=day) >= end - start


def _is_span(day: Day, start: int, end: int) -> bool:
    return any(span[0] % DAY_MIN == start % DAY_MIN and span[1] % DAY_MIN == end % DAY_MIN for span in day)


def _session(said: Said) -> bool:
    """午市, 中午: a statement about one of the day's spans, not the last."""
    return bool(said.of("SESSION") or said.of("MEAL") or said.of("PERIOD"))


_FIRST_END: Final = frozenset({"只到", "只营业到", "只开到", "才到"})
_AGAIN: Final = frozenset({"重新开门", "再开门", "又开门", "重新开", "再开", "恢复营业"})


def closes_at(said: Said, state: State) -> None:
    """营业到22:00: the end of the day's last span, of any span with 午市."""
    stated = _in_its_part(said.all("v")[0].value[0], said)
    some = _session(said) or any(token.text in _FIRST_END for token in said.of("UNTIL"))

    least = any("ATLEAST" in ROLES[token.char] for token in said.tokens)
    able = any(ROLES[token.char] & {"FINE", "EAT"} and "OPENV" not in ROLES[token.char] for token in said.tokens)

    def test(day: Day) -> ClaimStatus:
        if least:  # 至少开到九点
            return "inferable" if _until(day, stated) else "contradicted"
        ends = [end for _, end in day] if some else [closes(day)]
        if any(end is not None and _ends(end, stated) for end in ends):
            return "verified"
        if able and _until(day, stated):
            return "inferable"  # 坐到九点没问题: no later than it closes
        if any(_same(end, stated) for _, end in day[:-1]):
            raise UnreadError  # 只到14:30, before a break: of which span, the sentence may have said elsewhere
        return "contradicted"

    say_of_days(said, state, test)


def open_close(said: Said, state: State) -> None:
    """上午十点营业至夜里十二点: one span of the day."""
    first: Clock = said.all("o")[0].value[0]
    last: Clock = said.all("c")[0].value[0]

    def test(day: Day) -> ClaimStatus:
        held = any(_same(start, first) and _same(end, last) for start, end in day)
        return "verified" if held else "contradicted"

    say_of_days(said, state, test)


def _in_its_part(clock: Clock, said: Said) -> Clock:
    """夜里开到十二点, 晚上开到九点半: the part of the day that stands apart from its time."""
    late = any(token.text[:2] in _LATE_PARTS for token in (*said.of("PERIOD"), *said.of("SESSION")))
    if not late:
        return clock
    if clock.minutes == DAY_MIN // 2:
        return Clock(DAY_MIN)
    return Clock(clock.minutes + DAY_MIN // 2) if clock.either and clock.minutes >= 4 * 60 else clock


_LATE_PARTS: Final = frozenset({"晚上", "夜里", "深夜", "夜晚", "傍晚", "晚间", "夜间", "晚市", "今晚", "当晚", "半夜"})


def _ends(truth: int, stated: Clock) -> bool:
    """开到十二点 is midnight where a shop closes then."""
    return _same(truth, stated) or (stated.minutes == DAY_MIN // 2 and truth == DAY_MIN)


def _same(truth: int, stated: Clock) -> bool:
    return any(truth % DAY_MIN == minute % DAY_MIN for minute in stated.readings())


_LATER: Final = frozenset({"后", "之后", "以后"})
"""十点以后才开 is a bound; 十点起 is the time itself."""


def opens_at(said: Said, state: State) -> None:
    """10:30开门: the beginning of the day's first span, of any span with 晚市."""
    stated = _in_its_part(said.all("v")[0].value[0], said)
    some = _session(said) or any(token.text in _AGAIN for token in said.of("OPENS"))
    later = any(token.text in _LATER for token in said.of("AFTER"))
    if later and not (said.of("OPENS") or said.of("OPENV") or said.of("HOURS")):
        raise UnreadError  # 16:30之后: of what, nobody can tell

    def test(day: Day) -> ClaimStatus:
        first = opens(day)
        if later and first is not None:
            return "inferable" if any(first >= minute for minute in stated.readings()) else "contradicted"
        if not some and any(_same(start, stated) for start, _ in day[1:]):
            raise UnreadError  # 再到下午四点半才开, after a break
        starts = [start for start, _ in day] if some else [opens(day)]
        return "verified" if any(start is not None and _same(start, stated) for start in starts) else "contradicted"

    only = later or any("才" in token.text for token in said.of("OPENS")) or bool(said.of("ONLY"))
    say_of_days(said, state, test, missed="hours" if only else None)


def pause(said: Said, state: State) -> None:
    """14:00-17:00休息, 下午休息, 下午不休息, 全天营业."""
    if said.piece.start and any(ROLES[one.char] & {"TOUP", "UNTIL"} for one in said.tokens[: said.piece.start]):
        raise UnreadError  # 中午到晚上不歇: of all that lies between
    ranges = _ranges(said.all("v"))
    period = next(
        (
            PARTS_OF_DAY.get(token.text) or meal_span(token.text)
            for token in (*said.all("v"), *said.all("p"))
            if "TR" not in ROLES[token.char]
        ),
        None,
    )
    night = any(
        token.text in {"24小时", "二十四小时", "24h", "通宵", "昼夜", "二十四小时制"} for token in said.of("ALLDAY")
    )

    def test(day: Day) -> ClaimStatus:
        if night:
            return "verified" if day == ((0, DAY_MIN),) else "contradicted"
        if said.has("n"):
            if period is None:
                return "inferable" if len(day) == 1 else "contradicted"
            gaps = [gap for gap in breaks(day) if min(gap[1], period[1]) > max(gap[0], period[0])]
            return "contradicted" if gaps or not day or overlap_min(day, period) < rules.OPEN_LEAST_MIN else "inferable"
        if ranges:
            held = {(start % DAY_MIN, end % DAY_MIN) for start, end in breaks(day)}
            return (
                "verified"
                if all(
                    any((start % DAY_MIN, end % DAY_MIN) in held for start, end in _readings(a, b)) for a, b in ranges
                )
                else "contradicted"
            )
        if period is None:
            raise UnreadError
        gaps = [gap for gap in breaks(day) if min(gap[1], period[1]) - max(gap[0], period[0]) >= rules.OPEN_LEAST_MIN]
        return "inferable" if gaps or overlap_min(day, period) < rules.OPEN_LEAST_MIN else "contradicted"

    say_of_days(said, state, test)


def rest_until(said: Said, state: State) -> None:
    """中午两点歇到五点: a break with its two ends."""
    first, last = said.all("v")[0].value[0], said.all("w")[0].value[0]

    def test(day: Day) -> ClaimStatus:
        held = [(start, end) for start, end in breaks(day) if _same(start, first) and _same(end, last)]
        return "verified" if held else "contradicted"

    say_of_days(said, state, test)


def closed_after(said: Said, state: State) -> None:
    """下午两点以后就不接待了: a span ends then."""
    stated = _in_its_part(said.all("v")[0].value[0], said)

    def test(day: Day) -> ClaimStatus:
        if any(_same(end, stated) for _, end in day):
            return "inferable"
        shut = all(not _open(day, minute) for minute in stated.readings())
        if shut:
            raise UnreadError
        return "contradicted"

    say_of_days(said, state, test, missed="hours")


def absent_days(said: Said, state: State) -> None:
    """没有标周末的时间: true where the map gave no week, or nothing for these days."""
    named = [day for token in said.of("DAY") for day in weekdays(token.text)]
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        hours = hours_of(poi)
        told = [hours.days[day] for day in named] if named else [()]
        untold = not hours.week_known or all(not day for day in told)
        status: ClaimStatus = "verified" if untold else "contradicted"
        rows.append((poi, status, poi.open_week or "没有标注"))
    state.say("absence", said.text, rows)


def meal_span(word: str) -> tuple[int, int] | None:
    """When a meal is eaten, in minutes; None for what is no meal."""
    meal = meal_of(word)
    return None if meal is None else rules.MEAL_WINDOWS[meal]


def _open(day: Day, minute: int) -> bool:
    return overlap_min(day, (minute, minute + 1), before=day) > 0


def _alike(states: Sequence[bool]) -> bool:
    """What holds at nine in the morning and at nine in the evening; where they differ, nobody can tell which is meant."""
    if len(set(states)) > 1:
        raise UnreadError
    return all(states)


def moment(token: Token) -> Callable[[Day], bool]:
    """Whether a day is open at a time, in a part of the day, or for a meal."""
    if "T" in ROLES[token.char]:
        clock: Clock = token.value[0]
        if clock.either:
            return lambda day: _alike([_open(day, minute) for minute in clock.readings()])
        return lambda day: _open(day, clock.minutes)
    whole = token.text.removeprefix("整个").removeprefix("一整个").removeprefix("一") in {"下午", "上午"}
    if whole and token.text[0] in "整一":
        span = (840, 1020) if token.text.endswith("下午") else (600, 660)
        return lambda day: overlap_min(day, span) == span[1] - span[0]
    window = PARTS_OF_DAY.get(token.text) or meal_span(token.text)
    if window is None:
        raise UnreadError
    return lambda day: overlap_min(day, window, before=day if window[0] >= DAY_MIN else ()) >= rules.OPEN_LEAST_MIN


def open_at(said: Said, state: State) -> None:
    """午餐时段营业, 下午三点也在营业, 晚上九点前都能用餐, 可以吃到十一点. In opening and closing a meal alone is the wish's."""
    if said.has("e"):
        last: Clock = said.all("e")[0].value[0]
        if said.of("LATE"):
            say_of_days(
                said, state, lambda day: "verified" if _same(closes(day) or 0, last) and day else "contradicted"
            )
            return
        say_of_days(
            said,
            state,
            lambda day: (
                "inferable"
                if any(_open(day, minute - 1) for minute in last.readings()) and _until(day, last)
                else "contradicted"
            ),
            "open_at",
        )
        return
    tokens = said.all("v")
    if said.has("g"):
        state.subject, state.fresh = the_set(said.all("g"), state), True
    if said.of("UNTIL") and len(tokens) == 1 and "T" in ROLES[tokens[0].char]:
        until: Clock = tokens[0].value[0]
        say_of_days(said, state, lambda day: "inferable" if _until(day, until) else "contradicted", "open_at")
        return
    if not any("T" in ROLES[token.char] for token in tokens) and not (
        said.of("OPENV") or said.of("CAN") or said.of("FINE") or said.of("MEET") or said.of("HOURS") or said.of("COVER")
    ):
        raise UnreadError  # 早上吃火锅 is the guest's plan
    if said.of("BEFORE"):
        clock: Clock = tokens[0].value[0]
        say_of_days(
            said,
            state,
            lambda day: "inferable" if any(_open(day, minute - 1) for minute in clock.readings()) else "contradicted",
            "open_at",
        )
        return
    if state.item is None and not (
        said.of("CAN") or said.of("OPENV") or said.of("FINE") or said.of("MEET") or said.of("COVER") or said.of("WAIT")
    ):
        raise UnreadError  # 早上吃火锅 is the guest's wish
    if any(miss.kind == "closed" for poi in state.subject or () for miss in state.scene.misses(poi)):
        raise UnreadError  # 中午仍开放, of a shop that rests
    tests = [moment(token) for token in tokens if "WITH" not in ROLES[token.char]]
    say_of_days(said, state, lambda day: "inferable" if all(test(day) for test in tests) else "contradicted", "open_at")


def _until(day: Day, stated: Clock) -> bool:
    """吃到十一点 holds when the kitchen is open until then."""
    return any(
        end % DAY_MIN == minute % DAY_MIN or _open(day, minute - 1) for _, end in day for minute in stated.readings()
    )


def shut_at(said: Said, state: State) -> None:
    """午餐时段不营业, 吃不了早餐, 不太适合夜宵: shut for all but half an hour of it."""
    tests = [moment(token) for token in said.all("v")]
    say_of_days(
        said, state, lambda day: "contradicted" if any(test(day) for test in tests) else "inferable", "open_at", "hours"
    )


def rest_day(said: Said, state: State) -> None:
    """周一休息, 周日也开门, 每天营业: only a week's text can tell."""
    rest = bool(said.of("REST"))
    today = all(token.text in {"今天", "今日", "今儿", "当天", "今晚"} for token in said.all("v"))
    if rest and today:  # 今日休息, of a shop that the map shows as resting
        pois = state.who()
        if all(any(miss.kind == "closed" for miss in state.scene.misses(poi)) for poi in pois):
            state.say("open_at", said.text, [(poi, "inferable", "今日休息") for poi in pois], "closed")
            return
    say_of_days(
        said,
        state,
        lambda day: "verified" if bool(day) != rest else "contradicted",
        "open_at",
        "hours" if rest else None,
    )


def stopped(said: Said, state: State) -> None:
    """目前暂停营业, 没有停业: what the map's name, status or hours say of a shop that does not serve."""
    denied = bool(said.of("NOT"))
    rows: list[tuple[Poi, ClaimStatus, str | None]] = []
    for poi in state.who():
        shut = any(miss.kind == "closed" for miss in state.scene.misses(poi))
        status: ClaimStatus = "inferable" if shut != denied else "contradicted"
        rows.append((poi, status, "暂停营业" if shut else "没有停业的标注"))
    state.say("open_at", said.text, rows, missed=None if denied else "closed")
