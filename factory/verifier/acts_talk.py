"""Acts of talk: advice, choices, wishes of a good meal. Talk presupposes nothing of a shop; a choice by a criterion is a superlative."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier.acts_loose import loose_status
from factory.verifier.deciding import extreme_status, show, value
from factory.verifier.lexer import ROLES, Token
from factory.verifier.references import restaurants
from factory.verifier.scene import Said, State, UnreadError, field_of, scale_of

_URGED: Final = frozenset(
    {
        "建议",
        "建议您",
        "提醒您",
        "提醒你",
        "提醒",
        "建议你",
        "记得",
        "最好",
        "请",
        "不妨",
        "务必",
        "别忘了",
        "需要",
        "麻烦",
        "还请",
        "最好先",
        "一定",
        "不要忘了",
        "先",
        "建议先",
        "应",
        "应该",
        "烦请",
        "宜",
        "尽量",
    }
)
_REQUIRED: Final = frozenset({"需要", "要", "需", "得", "必须", "须"})
_LOOSE: Final = {
    ("rating", True): "GOOD", ("price", False): "CHEAP", ("price", True): "DEAR", ("distance", False): "NEAR", ("distance", True): "FAR", ("close", True): "LATE", ("open", False): "EARLY",
}  # fmt: skip
_BEST: Final = {"rating": True, "price": False, "distance": False, "close": True, "open": False}


def talk(said: Said, state: State) -> None:
    """Nothing is said of a shop."""


def introduced(said: Said, state: State) -> None:
    """还有一家某某, 再远一点的某某: the sentence goes on about it; farther than the one that was spoken of last."""
    pois = restaurants(said.all("n"), state)
    if len(pois) != 1 or (said.has("v") and (said.all("v")[0].value.low, said.all("v")[0].value.high) != (1, 1)):
        raise UnreadError
    if said.has("a"):
        name, up = scale_of(said.all("a"), None, state)
        own = value(pois[0], name)
        before = [value(poi, name) for poi in state.scene.mentioned if poi != pois[0]][-1:]
        if own is None or not before or before[0] is None or (own > before[0]) != up or own == before[0]:
            raise UnreadError
        state.say("comparison", said.text, [(pois[0], "inferable", show(pois[0], name))])
    state.subject, state.lost = pois, False


def condition(said: Said, state: State) -> None:
    """若肯多花三十块: a condition states nothing; what it names of the guests must be the wish's."""
    if state.item is not None or said.piece.end != len(said.tokens) or said.piece.start:
        raise UnreadError
    first = said.tokens[0].text
    amounts = said.of("M") or said.of("L") or said.of("NUM") or said.of("MEET") or said.of("MARG")
    if not amounts and (first[0] in "您你各" or (said.of("YOU") and not said.of("IF"))):
        raise UnreadError  # 您喜欢清淡 is an echo
    if not first.startswith(
        ("如", "若", "要是", "假", "万一", "真", "只要", "倘", "想", "肯", "愿", "您", "你", "各位", "既然", "要")
    ):
        raise UnreadError
    chat(said, state)


def chat(said: Said, state: State) -> None:
    """About the talk itself, the guests and their day: what it repeats of the wish must agree, and nobody's shop is spoken of."""
    wish = state.scene.wish
    for token in said.tokens[said.piece.start : said.piece.end]:
        roles = ROLES[token.char]
        if "CU" in roles and wish.cuisine and token.value != wish.cuisine:
            raise UnreadError
        if "PPL" in roles and wish.party_size is not None and token.value.low not in {1, wish.party_size}:
            raise UnreadError


def contact(said: Said, state: State) -> None:
    """建议提前订位 is advice; 可以预订 says that the shop takes bookings."""
    if said.of("BOOK") and (
        state.subject or any(token.text in _REQUIRED for token in (*said.of("ADVISE"), *said.of("NEED")))
    ):
        raise UnreadError  # 需要提前一天预约 is a rule of the shop
    if state.fresh and said.of("CONTACT") and any(poi.tel is None for poi in state.subject or ()):
        raise UnreadError  # 另两家也能打: it has a number
    if said.of("CONTACT") or said.of("ASK") or said.of("SOON") or said.of("WHETHER"):
        return
    if not any(token.text in _URGED for token in said.of("ADVISE")):
        raise UnreadError


def advice(said: Said, state: State) -> None:
    """Words of advice that name nothing of a shop; 可以 alone is no advice."""
    if said.of("BOOK") and not (said.of("CONTACT") or said.of("SOON") or said.of("ASK")):
        contact(said, state)
    if said.of("BOOK") and (
        state.subject or any(token.text in _REQUIRED for token in (*said.of("ADVISE"), *said.of("NEED")))
    ):
        raise UnreadError
    anchored = any(
        said.of(name)
        for name in (
            "SOON",
            "CONTACT",
            "ASK",
            "TELL",
            "WISHYOU",
            "ANYTIME",
            "RELAX",
            "IF",
            "HOPE",
            "GLAD",
            "ACCEPT",
            "LIKE",
        )
    )
    if not anchored and not any(token.text in _URGED for token in said.of("ADVISE")):
        raise UnreadError


def pick(said: Said, state: State) -> None:
    """离得近选第一家: the best of the listed by what is named."""
    name, up = scale_of(said.all("v"), field_of(said.all("f")), state)
    pois = restaurants(said.all("t"), state)
    if len(pois) != 1:
        raise UnreadError
    status = extreme_status(pois[0], state.scene.listed, name, highest=up, known=True)
    state.say("superlative", said.text, [(pois[0], status, show(pois[0], name))])
    state.subject = pois if state.item is None else state.subject


def topic(said: Said, state: State) -> None:
    """从评分看: what the sentence goes on about. 离 and 距 alone want an end."""
    if any(token.text in {"离", "距"} for token in said.all("f")):
        raise UnreadError
    state.field = field_of(said.all("f"))


def tell(said: Said, state: State) -> None:
    """可以请厨房少放辣椒: what the guest says to the kitchen."""
    words = said.tokens[said.piece.start : said.piece.end]
    if any(_is_hearsay(token, later) for token, later in pairwise(words)):
        raise UnreadError
    for token in said.of("D"):  # 牛排少放盐 presupposes the dish
        if not any(
            poi in token.value.pois for poi in (state.subject or ((state.item,) if state.item else state.scene.listed))
        ):
            raise UnreadError
    if said.has("v") or (state.item is None and words and words[0].text[:1] in "少多别"):
        return  # 少放酱: what the guest says goes on
    if not any(
        ROLES[token.char] & {"TELL", "ASK", "STAFF", "SOON", "ADVISE", "IF", "LIKE", "CAN", "YOU"} for token in words
    ):
        raise UnreadError


def _is_hearsay(token: Token, later: Token) -> bool:
    """店家说…, where the guest says nothing to the kitchen: 跟店家说…, 在店里说一声 do."""
    says = later.text[0] in "说讲" or later.text in _SAYS
    return (
        "STAFF" in ROLES[token.char] and token.text[0] not in "跟和请让对给向" and says and later.text[-1] not in "声下"
    )


_SAYS: Final = frozenset({"告诉", "强调", "提", "声明", "要求"})


def asks(said: Said, state: State) -> None:
    """偏甜的做法得问店家: what is asked is not known. 我看不辣 tells something."""
    if not any(word in token.text for token in said.all("q") for word in _ASKED):
        raise UnreadError
    tell(said, state)


_ASKED: Final = ("问", "确认", "核实", "打听", "看菜单", "再提")


def criterion(said: Said, state: State) -> None:
    """看重评分的话: what the sentence then chooses must be best by it. In an item it would be an adjective of the shop."""
    tokens = (*said.all("c"), *said.all("c2"))
    if said.has("q"):
        state.criteria.append(("distance", False))
        return
    if said.has("k"):
        state.loose_choice = True
        return
    if not tokens and not said.has("n"):
        return
    marked = (
        said.of("IF") or said.of("LIKE") or said.of("PRIO") or said.of("CHOOSE") or said.of("BASIS") or said.has("n")
    )
    if not marked:
        raise UnreadError
    if said.has("n"):
        state.criteria.append(("distance", False))
        return
    if any("CU" in ROLES[token.char] for token in said.tokens):
        return  # 想吃贵一点的日料 is a wish, no way to choose among the listed
    for token in tokens:
        roles = ROLES[token.char]
        name = field_of([token]) or (
            "distance" if roles & {"NEAR", "FAR"} else "price" if roles & {"CHEAP", "DEAR"} else None
        )
        if name is not None and not roles & {"MOST"}:
            up = _BEST[name] if not roles & {"DEAR"} else True
            state.criteria.append((name, up))


def _loosely(poi: Poi, name: str, state: State, *, up: bool) -> ClaimStatus:
    """How well a restaurant is chosen by a field. Raises UnreadError for what has no such measure (hours)."""
    adjective = _LOOSE.get((name, up))
    if adjective is None:
        raise UnreadError
    return loose_status(poi, name, adjective, state)


def choose(said: Said, state: State) -> None:
    """首选第一家; after a criterion the choice must be the best of the listed by it, with 可以考虑 a good one."""
    if state.loose_choice and said.has("t") and not state.verdicts:
        raise UnreadError  # 吃得好: by what, nobody can tell
    weak = bool(said.of("CAN")) or state.item is not None
    if not said.has("t"):
        if state.criteria and (state.item or state.subject):
            for poi in state.who():
                for name, up in dict.fromkeys(state.criteria):
                    state.say("fit", said.text, [(poi, _loosely(poi, name, state, up=up), show(poi, name))])
        state.criteria = []
        return
    tokens = said.all("t")
    if not any(
        ROLES[token.char] & {"N", "ORD", "THIS", "LASTONE", "PREVONE", "NEXTONE", "FORMER", "LATTER", "BRANCH"}
        for token in tokens
    ):
        return
    try:
        pois = restaurants((*tokens, *said.all("r")), state)
    except UnreadError:
        if state.criteria or not all("N" in ROLES[token.char] for token in tokens):
            raise
        return  # a brand with several branches here: nothing is claimed of any
    for poi in pois:
        for name, up in dict.fromkeys(state.criteria):
            status: ClaimStatus = (
                extreme_status(poi, state.scene.listed, name, highest=up, known=True)
                if len(pois) == 1
                else "unsupported"
            )
            if weak:
                status = _loosely(poi, name, state, up=up)
            state.say("fit" if weak else "superlative", said.text, [(poi, status, show(poi, name))])
    state.criteria = []
    if len(pois) == 1 and state.item is None:
        state.subject = pois
