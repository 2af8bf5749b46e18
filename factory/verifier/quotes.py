"""What of a second reader's extraction may be believed: its quotes are the clause's own words and leave nothing of it out. Pure.

Every number, time, day, name and negation of a clause must come back in a claim that quotes it, so that a reader can lose
nothing on the way to the evidence, by mistake or because the clause told it to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from factory.verifier.cutting import repeats
from factory.verifier.lexer import ROLES, Token
from factory.verifier.script import fold
from factory.verifier.told import ASK, CONDITION, NOTHING, UNVERIFIABLE, Told
from factory.verifier.told_back import CHECKS, Quoted, has_kind
from factory.verifier.told_names import Ground, tokens_of
from factory.verifier.told_turns import (
    COUNTED,
    DENYING,
    QUALITY,
    circled_in,
    is_asked,
    is_idle,
    is_loose,
    is_question,
    past_mark,
)

_DENIALS: Final = frozenset(
    {
        "absent", "shut_at", "day_off", "miss", "nothing_fits", "break", "no_break", "all_day", "closed", "gap", "compare", "only", "count", "most", "fits", "wish", "vague", "phone", "unsaid", "either", "note", "label", "named", "open_on", "pick", ASK, UNVERIFIABLE,
    }
)  # fmt: skip
"""Kinds that a negation may be said with; any other must carry ``not`` or a bound."""
_RELATIONS: Final[dict[str, frozenset[str]]] = {
    "THAN": frozenset({"compare", "gap", "most", "only", "count", "order", UNVERIFIABLE}),
    "MOST": frozenset({"most", "pick", "span", "only", "count", "order", "compare", "gap", UNVERIFIABLE}),
    "ABSENT": frozenset(
        {
            "absent",
            "compare",
            "present",
            "count",
            "only",
            "most",
            "dish",
            "tag",
            "miss",
            "nothing_fits",
            "wish",
            "gap",
            "shut_at",
            "closed",
            "unsaid",
            "either",
            "label",
            UNVERIFIABLE,
        }
    ),
    "SOLE": frozenset({"only", "count", UNVERIFIABLE}),
    "AVG": frozenset({"average", "price", "total", UNVERIFIABLE}),
}
_DECIDABLE: Final = COUNTED | {"T", "TR", "PHONE", "RATING", "PRICE", "DIST", "HOURS", "ADDR", "A", "STREETLIKE"}
"""What stands in no quote that is called unverifiable: it is decided or stays unread, but is never called groundless."""


_IF: Final = re.compile(
    r"^(?:那|那么|不过|但|但是|所以|而|可|至于|要|只|早上|中午|晚上|周末)?(?:你|您|咱|你们|您们|咱们|大家|各位|[一二三四五六七八九十两]+个?[人位])?"
    r"(?:若|如果|要是|倘若|假如|万一|真要|真想|真卡|实在|坚持|执意|想|要|只要|肯|愿意|愿|还得|还要|还想|舍得|图|嫌|接受|不介意|不在乎|非得?要|能)|若|如果|要是|倘若|假如|的话$"
)
"""How a condition of the guest's begins or ends."""
_OF_US: Final = re.compile("(?:如果|那|要是)?(?:我们|我|咱们?)")
"""我们五个都爱吃辣怎么办: the guest asks, in a text of questions and answers."""
_IF_AT_ONCE: Final = re.compile("(?:若|如果|要是|倘若|假如|万一)")
"""要是今天撞上它关门: what follows is supposed, whoever it is."""
_PART_OF_DAY: Final = re.compile("早上|上午|中午|下午|傍晚|晚上|夜里|半夜|周末|工作日|平日")
_LONGING: Final = re.compile("^(?:要是|如果|若|若是|真|实在|非)?(?:想|要|爱|馋)(?:吃|点|尝|来)")
_OF_SHOPS: Final = frozenset(
    {
        "D", "N", "A", "STREET", "BRANCH", "ORD", "PHONE", "T", "TR", "S", "FEAT", "STREETLIKE", "NAMELIKE", "UNPROVABLE", "REPUT", "STAFF", "SELF",
        "ABSENT", "NONE", "SOLE", "THAN", "OTHER", "FORMER", "LATTER", "LASTONE", "PREVONE", "NEXTONE", "ALLSET",
    }
)  # fmt: skip
"""What stands in no condition of the guest's own: 想试试店里的辣酱 presupposes a shop's."""


def place(clause: str, told: Told) -> tuple[int, int] | None:
    """Where a quote stands in the folded clause, signs and marks apart; ``None``: the words are not the clause's own."""
    flat, quote = fold(clause), fold(told.quote).strip(",.。;:!?、 ")
    start = flat.find(quote) if quote else -1
    if start >= 0:
        return start, start + len(quote)
    places = [at for at, char in enumerate(flat) if not _SIGNS.fullmatch(char)]
    bare, words = "".join(flat[at] for at in places), _SIGNS.sub("", _MARK.sub("", quote))
    if not words or not bare:
        return None
    if bare in words:
        return 0, len(flat)  # more was quoted than the clause
    start = bare.find(words)
    return None if start < 0 else (places[start], places[start + len(words) - 1] + 1)


_SIGNS: Final = re.compile(r"[\s,.。;:!?、()（）\[\]【】“”\"'·~…—|*#⟦⟧-]")
_MARK: Final = re.compile(r"⟦\d+:")


def doubt(clause: str, quoted: Sequence[Quoted], ground: Ground) -> str:
    """Why an extraction may not be believed, in a few words; empty: it may."""
    tokens = tokens_of(clause, ground)
    if not quoted:
        return "no claims"
    if any(one.told.kind == NOTHING for one in quoted):
        return NOTHING
    flat = fold(clause)
    if all(one.told.kind == UNVERIFIABLE for one in quoted) and not _is_of_quality(tokens, flat):
        return "no quality"  # what is called groundless must say something of a shop that no map tells
    begins, circled = past_mark(clause), circled_in(clause)
    for token in tokens:
        if token.end <= begins or token.start in circled or is_idle(token, flat):
            continue
        covering = [one for one in quoted if one.start < token.end and token.start < one.end]
        if not covering:
            if not is_loose(token):
                return f"left out: {token.text}"
            continue
        if all(one.told.kind == ASK for one in covering):
            if not is_question(flat, ground.after) or not (
                is_asked(token, ground.question, flat)
                or (_OF_US.match(flat) and not ROLES[token.char] & (_OF_SHOPS | _DECIDABLE))
                or repeats(token, ground.scene.wish, len(ground.scene.listed))
            ):
                return f"no question of the text's: {token.text}"
            continue
        if all(one.told.kind == CONDITION for one in covering):
            hard = (
                ROLES[token.char] & (_OF_SHOPS - ({"D"} if _LONGING.search(flat) else set()))
                and token.text != "实在"
                and not _PART_OF_DAY.fullmatch(token.text)
                and "FEAT" not in ROLES[token.char]
                and not (
                    ROLES[token.char] & {"SELF", "THIS"} and "N" not in ROLES[token.char] and _IF_AT_ONCE.match(flat)
                )
            )
            if not hard and not _IF.search(flat):
                return NOTHING  # 带着小朋友走路: of the guest, and no condition
            if hard:
                return f"no condition of the guest's: {token.text}"
            continue
        unprovable = all(one.told.kind == UNVERIFIABLE for one in covering)
        if unprovable and ROLES[token.char] & _DECIDABLE:
            return f"decidable: {token.text}"
        reason = "" if unprovable else _untold(token, covering, quoted, tokens, ground)
        if reason:
            return f"{reason}: {token.text}"
    return ""


def _is_of_quality(tokens: Sequence[Token], flat: str) -> bool:
    """Whether a word of a clause praises or blames, or tells of service, place, crowd, history."""
    return QUALITY.search(flat) is not None or any(
        ROLES[token.char] & {"UNPROVABLE", "REPUT", "STAFF"} for token in tokens
    )


def _untold(
    token: Token, covering: Sequence[Quoted], quoted: Sequence[Quoted], tokens: Sequence[Token], ground: Ground
) -> str:
    """What of a token no claim that quotes it tells."""
    roles = ROLES[token.char]
    for role, check in CHECKS.items():
        if role in roles and not check(token, covering, quoted, ground):
            return "untold"
    kinds_of = {one.told.kind for one in covering}
    unproved = ("UNPROVABLE" in roles or QUALITY.search(token.text) is not None) and not _is_turn(
        token, tokens, covering
    )
    if unproved and "FEAT" not in roles and token.text not in _SCENERY and not kinds_of & _UNPROVED:
        return "unproved"
    serving = roles & (_SERVING if _is_timed(tokens) else _SERVING - {"UNTIL"})
    fields = roles & _FIELDS if token.text not in {"地点", "地方"} else frozenset()
    preferred = _PREFERRED.match(_after(token, tokens)) is not None
    of_diet = "miss" in kinds_of and token.text in fold(ground.scene.wish.diet or "")  # 对海鲜过敏不友好
    if (fields and kinds_of <= {"pick"} and not preferred) or (serving and kinds_of <= _OF_THE_WHOLE and not of_diet):
        return "more than a pick"
    if "MOST" in roles and _EDGE_OF_TIME.match(_after(token, tokens)) and kinds_of & _TIMED:
        return ""  # 最晚到21:30
    if "MOST" in roles and kinds_of <= {"phone", "website"}:
        return ""  # 打电话问问最实在
    if "AVG" in roles and token.text.startswith("平均下来") and kinds_of & {"gap", "compare"}:
        return ""  # a head
    for role, kinds in _RELATIONS.items():
        if (
            role in roles
            and not _of_the_guest(token, tokens)
            and not (role == "SOLE" and _RHETORIC.match(_after(token, tokens)))
            and not (role == "AVG" and any(one.told.mean for one in covering))
            and not any(has_kind(one.told, kinds) for one in covering)
        ):
            return "relation"
    if roles & DENYING and not any(_denies(one.told) for one in covering):
        return "negation"
    if "ONLY" in roles and {"present", "absent"} <= kinds_of:
        return ""  # 只有地址: what is marked, and what is not
    bare = roles & {"ONLY"} and not any(ROLES[one.char] & (COUNTED | {"T", "TR", "CNT"}) for one in tokens)
    if bare and not any(has_kind(one.told, _ONLY_KINDS) for one in covering):
        return "only"
    return ""


def _is_turn(token: Token, tokens: Sequence[Token], covering: Sequence[Quoted]) -> bool:
    """周一不做生意 is a day off, 口碑分 a rating."""
    before = "".join(one.text for one in tokens if one.end <= token.start)
    if token.text.startswith("生意"):
        return before.endswith(("做", "接"))
    return "口碑" in token.text and any(one.told.kind == "rating" or one.told.fact == "rating" for one in covering)


_PREFERRED: Final = re.compile("最?(?:宝贵|要紧|重要|优先|为先|第一|紧)")
"""时间最宝贵就去某某: what the guest goes by."""
_EDGE_OF_TIME: Final = re.compile("[晚早迟多少]")
_TIMED: Final = frozenset({"closes", "opens", "hours", "open_at", "price", "distance", "walk", "gap", "total"})


def _after(token: Token, tokens: Sequence[Token]) -> str:
    return "".join(one.text for one in tokens if one.start >= token.end)


def _is_timed(tokens: Sequence[Token]) -> bool:
    """Whether a clause tells a time: 到 is until then, else as in 刷到."""
    return any(ROLES[token.char] & {"T", "TR", "MEAL", "DAY"} for token in tokens)


def _of_the_guest(token: Token, tokens: Sequence[Token]) -> bool:
    """最在意的, 拿来比: a relation of the guest's own or of the writer's, not of restaurants."""
    after = _after(token, tokens)
    return (not after and "THAN" in ROLES[token.char]) or _GUEST.match(after) is not None


_GUEST: Final = re.compile(
    "在意|看重|想|爱|关心|怕|喜欢|担心|惦记|介意|要紧|妙|难得|关键|重要|应景|对味|宝贵|近(?:都|老|总|一直)|较|一比"
)
_RHETORIC: Final = re.compile(
    "(?:要|得|需要?|让人)?(?:没底|留神|留意|注意|当心|小心|遗憾|可惜|缺点|缺憾|短板|不足|问题|不确定|麻烦|毛病|顾虑|悬念|担心|犯愁|惦记|变数|门槛|要记)"
)
"""唯一要留神的是周一休息: one drawback, of which nobody says whose else it is."""
_SCENERY: Final = frozenset({"湖边", "河边", "江边", "夜景", "舒服", "热闹", "讲究", "实在", "饮料"})
"""Words of that role which say nothing of a shop where they stand beside a claim: 从湖边过去大约22分钟."""
_FIELDS: Final = frozenset({"RATING", "PRICE", "DIST", "HOURS", "ADDR", "REPUT", "FEAT", "DISHN", "OPENV", "FOOD"})
_SERVING: Final = frozenset({"OPENV", "OPENS", "CLOSE", "REST", "UNTIL", "SAME", "OFFAL", "SEAFOOD", "D"})
_OF_THE_WHOLE: Final = frozenset({"pick", "fits", "miss", "nothing_fits"})
"""Kinds that tell no time and no dish."""
_UNPROVED: Final = frozenset(
    {UNVERIFIABLE, CONDITION, "wish", "tag", "absent", "present", "address", "city", "dish", "dish_is", "cuisine", "vague", "closed", "brand", "only", "count", "phone", "unsaid", "website", "note", "label", "named", "either"}
)  # fmt: skip
"""Kinds that a word which no map proves may stand with: any other would leave it unsaid."""
_ONLY_KINDS: Final = frozenset(
    {"only", "compare", "count", "absent", "dish_count", "nothing_fits", "miss", "fits", "gap", "wish", UNVERIFIABLE}
)


def _denies(told: Told) -> bool:
    return told.denied or told.kind in _DENIALS or told.sign in {"<", "<=", ">", ">="} or any(map(_denies, told.where))
