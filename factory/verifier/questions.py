"""Questions and their answers within a text: 问：哪家更近？答：某某。 A question states nothing; yes, no and a name do. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier.deciding import Verdict, extreme_status, show
from factory.verifier.groups import bases, described
from factory.verifier.lexer import INERT, ROLES, Token
from factory.verifier.references import restaurants
from factory.verifier.scene import Question, Scene, State, UnreadError, field_of, scale_of

LOADED: Final = frozenset({"UNPROVABLE", "FEAT", "NAMELIKE", "STREETLIKE", "U"})
"""Words that make a question more than a question: who asks for the window seat says that there is one."""
_ASKERS: Final = frozenset({"问", "q", "问题", "提问"})
_ANSWERERS: Final = frozenset({"答", "a", "回答", "答案", "解答"})
_YES: Final = frozenset(
    {
        "可以",
        "列了",
        "列着",
        "有列",
        "标了",
        "标着",
        "能",
        "是",
        "是的",
        "对",
        "有",
        "行",
        "会",
        "当然",
        "没错",
        "在",
        "够",
        "来得及",
        "符合",
        "满足",
        "在的",
        "有的",
        "能的",
        "ok",
        "合",
        "合适",
        "赶得上",
        "开",
        "√",
        "✓",
    }
)
_NO: Final = frozenset(
    {
        "不能",
        "没列",
        "未列",
        "没标",
        "未标",
        "没有标",
        "没有列",
        "不可以",
        "不是",
        "没有",
        "不行",
        "否",
        "不会",
        "没",
        "不对",
        "去不了",
        "赶不上",
        "不在",
        "来不及",
        "不够",
        "不合",
        "不符合",
        "不",
        "不开",
        "吃不上",
        "×",
        "✗",
    }
)
_UNLISTED: Final = frozenset({"没列", "未列", "没标", "未标", "没有标", "没有列"})
"""An answer that the map does not say so: what the evidence does not hold is then as the answer says."""
_UNTOLD: Final[dict[ClaimStatus, ClaimStatus]] = {"verified": "contradicted", "inferable": "contradicted", "contradicted": "inferable", "unsupported": "inferable"}  # fmt: skip
_FINAL: Final = frozenset({"吗", "么", "吧", "呢", "嘛"})
_FLIPPED: Final[dict[ClaimStatus, ClaimStatus]] = {
    "verified": "contradicted",
    "inferable": "contradicted",
    "contradicted": "inferable",
    "unsupported": "unsupported",
}
_WHOM: Final = frozenset({"哪家", "哪一家", "哪个", "哪一个", "谁", "哪家店", "哪间", "哪些", "哪几家", "去哪家"})
_ASKING: Final = frozenset(
    {
        "几点",
        "多少",
        "多远",
        "什么",
        "怎么",
        "怎么样",
        "几家",
        "咋样",
        "多少钱",
        "怎么办",
        "几点去",
        "几点到",
        "点什么",
        "吃什么",
        "哪儿",
        "哪里",
    }
)


def spoken(tokens: list[Token]) -> tuple[list[Token], bool]:
    """A line without 问： or 答： before it, and whether it was 问."""
    for size in (2, 3):
        head = tokens[:size]
        if (
            len(head) == size
            and head[-1].text in {":", ".", "、"}
            and (head[0].text in _ASKERS | _ANSWERERS)
            and (size == 2 or head[1].text.isdigit())
        ):
            return tokens[size:], head[0].text in _ASKERS
    return tokens, False


def is_question(clause: Sequence[Token], end: Token | None, *, asked: bool) -> bool:
    """Whether a clause asks: it stands before a question mark, under 问, or ends in 吗."""
    last = next((token.text for token in reversed(clause) if token.text.strip()), None)
    if last is None:
        return False
    marked = (end is not None and end.text == "?") or last in _ENDING
    return asked or (marked and any(_asks(token) for token in clause if token.text.strip()))


_ENDING: Final = frozenset(
    {
        "吗",
        "么",
        "哪些",
        "哪家",
        "几点",
        "多少",
        "多远",
        "怎么样",
        "哪里",
        "哪儿",
        "在哪",
        "在哪儿",
        "在哪里",
        "几家",
        "什么",
    }
)
"""Words that end a question without its mark, as a heading does."""


def _asks(token: Token) -> bool:
    """Whether a word asks; a mark alone may stand behind any statement."""
    return token.text in _FINAL | _WHOM | _ASKING or bool(ROLES[token.char] & {"WHICH", "WHETHER", "QWORD"})


def bare_question(tokens: Sequence[Token]) -> list[Token]:
    """A question as a statement: without 吗 and what asks."""
    kept = [
        token
        for token in tokens
        if token.text not in _FINAL | {"是否", "是不是", "能否", "能不能", "有没有", "那", "还"}
    ]
    return kept or list(tokens)


def picks_one(tokens: Sequence[Token]) -> bool:
    """Whether a restaurant is asked for."""
    if not any(token.text in _WHOM or "WHICH" in ROLES[token.char] for token in tokens):
        return False
    return any(ROLES[token.char] & _ASKED_FOR for token in tokens)  # 那去哪家 asks for a choice


_ASKED_FOR: Final = frozenset(
    {
        "NEAR",
        "FAR",
        "CHEAP",
        "DEAR",
        "HIGH",
        "LOW",
        "GOOD",
        "LATE",
        "EARLY",
        "M",
        "L",
        "S",
        "T",
        "TR",
        "D",
        "PERIOD",
        "MEAL",
        "OPENV",
        "RATING",
        "PRICE",
        "DIST",
        "BUDGET",
        "HOURS",
        "CU",
        "MOST",
        "FEAT",
        "UNPROVABLE",
        "U",
    }
)
"""What makes a question about restaurants one of facts."""


def asked_best(tokens: Sequence[Token], state: State) -> tuple[str, bool, tuple[tuple[Poi, ...], ...]] | None:
    """哪家最近: the field, the direction and the sets that may be meant."""
    if not picks_one(tokens):
        return None
    scaled = [
        token
        for token in tokens
        if ROLES[token.char] & {"NEAR", "FAR", "CHEAP", "DEAR", "HIGH", "LOW", "GOOD", "LATE", "EARLY"}
    ]
    try:
        name, up = scale_of(scaled, field_of(tokens), state)
        names = [token for token in tokens if ROLES[token.char] & {"N", "BRANCH", "ORD"}]
        if len(names) > 1:  # 甲和乙哪家更近
            return name, up, (restaurants(names, state),)
        plain = [
            token
            for token in tokens
            if token not in scaled
            and not ROLES[token.char] & {"MOST", "MORE", "WHICH", "ALLSET", "RATING", "PRICE", "DIST", "INERT", "COP"}
        ]
        group = described(plain, state)
    except UnreadError:
        return None
    sets = tuple(
        tuple(poi for poi in base if all(test(poi) for test in group.tests)) for base in bases(group, state.scene)
    )
    return name, up, sets


def is_yes_or_no(text: str) -> bool:
    """Whether a table's cell only says yes or no to its heading."""
    return text in _YES | _NO


_TOLD: Final = frozenset(
    {
        "RATING",
        "REPUT",
        "PRICE",
        "DIST",
        "HOURS",
        "ADDR",
        "DISHN",
        "CONTACT",
        "MEAL",
        "PERIOD",
        "SESSION",
        "DAY",
    }
)


def untold(text: str, heading: Sequence[Token]) -> bool:
    """Whether a cell says that its heading's field is not told: 人均 | 未标."""
    fields = frozenset().union(*(ROLES[token.char] for token in heading)) & _TOLD
    return bool(fields) and (text in _UNLISTED or (text == "无" and "DISHN" in fields))


def misses_told(verdicts: Sequence[Verdict], scene: Scene) -> None:
    """What a true no tells of the wish: 预算内：否 is a miss said."""
    for one in verdicts:
        if one.poi_id is not None and one.status in {"verified", "inferable"}:
            kinds = {
                "fit": ("budget", "radius"),
                "open_at": ("hours",),
                "cuisine": ("cuisine",),
                "price": ("budget",),
                "distance": ("radius",),
                "hours": ("hours",),
            }.get(one.kind, ())
            scene.said.setdefault(one.poi_id, set()).update(kinds)


def answered(question: Question, tokens: Sequence[Token], scene: Scene) -> tuple[Verdict, ...] | None:
    """What a short answer states; empty when it cannot be told; None when it is a statement of its own."""
    words = [token for token in tokens if token.char != INERT]
    text = "".join(token.text for token in words) or "".join(token.text for token in tokens)
    if text in _YES or text in _NO:
        if not question.verdicts:
            return ()
        flipped = _UNTOLD if text in _UNLISTED else _FLIPPED
        return tuple(one if text in _YES else replace(one, status=flipped[one.status]) for one in question.verdicts)
    names = [token for token in words if "WITH" not in ROLES[token.char]]
    chosen = [token for token in names if ROLES[token.char] & {"N", "ORD", "BRANCH"}]
    rest = [token for token in names if token not in chosen]
    if question.picks and chosen and all(ROLES[token.char] & _LEADING for token in rest):
        return _picked(question, chosen, scene)
    return None


_LEADING: Final = frozenset(
    {"COP", "BASIS", "RATING", "PRICE", "DIST", "SHOP", "CNT", "ADVISE", "CHOOSE", "COLON", "FROM", "ME", "ONLY"}
)
"""Words that lead to the name that is the answer: 就评分而言是某某."""


def _picked(question: Question, names: Sequence[Token], scene: Scene) -> tuple[Verdict, ...]:
    if question.best is None:
        return ()
    name, up, sets = question.best
    try:
        pois = restaurants(names, State(scene, "closing"))
    except UnreadError:
        return ()
    poi = pois[0]
    status: ClaimStatus = "contradicted"
    if any(poi in group and extreme_status(poi, group, name, highest=up, known=True) == "verified" for group in sets):
        status = "inferable"
    return (Verdict("superlative", poi.poi_id, names[0].text, show(poi, name), status),)
