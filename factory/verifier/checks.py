"""Assembly: one candidate in, claims, clauses and findings out. Pure; the order of findings is the order of gravity."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from factory.records import Candidate, Claim, Evidence, Finding, Place, Poi, Recommendation, Verification, Wish
from factory.verifier import rules
from factory.verifier.account import Account, read_answer
from factory.verifier.acts_dishes import KNOWN_DISHES
from factory.verifier.asking import question_findings
from factory.verifier.fit import Miss, misses_of
from factory.verifier.known import known_of, split_branch
from factory.verifier.nothing_fits import Emptiness, emptiness
from factory.verifier.reading import claims_of, located
from factory.verifier.script import fold
from factory.verifier.surety import without_nothing
from factory.verifier.wishes import proved_empty
from factory.verifier.words import claim_finding, miss_sentence, unread_finding

VERSION: Final = "2"
"""Of the reading: rows carry it, since another version reads other claims."""
_LEFTOVER = re.compile(r"poi_id|```|<think>|</?\w+>|\{\"|\"\}|\\n|SBX[0-9A-Z]{3,}|recommendations|feasible")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u200c\u200e\u200f\u202a-\u202e\ufeff]")
_OPEN_END = re.compile(
    r"(?:[,，、;；(（\[【“]|(?<![\d\u4e00-\u9fff])[:：]|另外|而且|但是|不过|因为|所以|以及|并且|如果|同时|此外|其中|虽然|"
    r"(?<![一-龥]目)的|在|是|比|为|和|与|及|或|离|距|人均|评分|距离|不|祝[您你大家]{0,2}(?:用餐)?)$"
)
"""What no answer ends with: a comma, an open bracket, a word that waits for the next."""
_ENDS_SO: Final = re.compile(
    "(?:挺|蛮|很|怪|够|会|是|真|不|好|行|可以|没|这类|那类)[^,，。;；]{0,8}的$|来[得不]及$|[实自都还也]在$|[价对它相]比$|[标写没].{0,3}(?:评分|人均|距离)$"
)
"""挺合适的, 来得及, 更实在: a turn that ends in such a word and waits for nothing."""
_PAIRED: Final = (("（", "）"), ("(", ")"), ("【", "】"), ("“", "”"))


def verify(
    candidate: Candidate,
    *,
    wish: Wish,
    place: Place,
    evidence: Evidence,
    structured: bool = True,
    asking: bool = False,
) -> Verification:
    """Check one candidate against its order's evidence. Deterministic; accepted means no finding.

    ``structured``: the candidate brings its own recommendations; text alone is not asked to agree with any, nor for how many.
    ``asking``: a second reader is going to read what stays unread, so that whatever is wrong by a less sure reading is left to it.
    """
    seen = located(evidence, place)
    by_id = {poi.poi_id: poi for poi in seen.pois}
    wanted = frozenset(poi_id for poi_id, _ in candidate.recommendations)
    account = read_answer(candidate.answer, seen, wish, place, wanted, "always" if asking else "beside_unread")
    if (
        candidate.feasible
        and account.nothing_at is not None
        and account.clauses[account.nothing_at].account == "unread"
    ):
        account = replace(account, says_nothing=False)  # what is not understood says nothing of it
    nothing = emptiness(account, candidate, wish, seen, structured=structured, asking=asking)
    if nothing.doubted:
        account = without_nothing(account)
    claims = claims_of(account)
    chosen = [one.poi for one in account.listed if one.poi is not None]
    findings = [
        *_form(candidate, account),
        *_names(account, seen, place, structured=structured),
        *(_structure(candidate, chosen, account) if structured else ()),
        *_claims(claims, account, by_id),
        *(
            unread_finding(one, nothing.form if nothing.doubted and number == account.nothing_at else "")
            for number, one in enumerate(account.clauses)
            if one.account == "unread" and one.scope != "unknown"
        ),
        *_wish(candidate, wish, seen, account, chosen, claims, nothing, structured=structured),
        *question_findings(candidate.question, wish, place),
    ]
    return Verification(claims, tuple(findings), _recommendations(candidate, by_id), account.clauses, VERSION)


def _recommendations(candidate: Candidate, by_id: dict[str, Poi]) -> tuple[Recommendation, ...]:
    return tuple(
        Recommendation(poi.poi_id, poi.name, poi.address, poi.rating, poi.cost_cny, poi.distance_m, reason)
        for poi_id, reason in candidate.recommendations
        if (poi := by_id.get(poi_id)) is not None
    )


def _form(candidate: Candidate, account: Account) -> list[Finding]:
    found = []
    for text, what in ((candidate.question, "提问"), (candidate.answer, "回答")):
        if not text.strip():
            found.append(Finding("structure", "empty", f"{what}是空的。"))
        elif len(text) > rules.MOST_CHARS:
            found.append(Finding("structure", "too_long", f"{what}超过{rules.MOST_CHARS}字。"))
        if _CONTROL.search(text):
            found.append(Finding("structure", "control_characters", f"{what}含有控制字符。"))
        if _LEFTOVER.search(text):
            found.append(Finding("structure", "leftover_markup", f"{what}含有标记、标识或 JSON 残留。"))
    if candidate.answer.strip() and not _finished(candidate.answer):
        found.append(Finding("structure", "truncated", "回答没有写完，最后一句不完整。"))
    spoken = account.listed or account.mentioned or any(clause.account == "unread" for clause in account.clauses)
    if candidate.answer.strip() and not spoken and (candidate.feasible or candidate.recommendations):
        found.append(Finding("structure", "no_items", "回答没有按“1. 店名：……”逐条列出餐厅。"))
    return found


def _finished(answer: str) -> bool:
    """Whether the last line waits for nothing more. Style decides on full stops: fields, tables and terse replies have none.

    A last clause that breaks off within a statement is unread, and returned as such.
    """
    last = answer.strip().splitlines()[-1].strip()
    if _OPEN_END.search(last) and not _ENDS_SO.search(last):
        return False
    return all(last.count(left) <= last.count(right) for left, right in _PAIRED)


def _names(account: Account, evidence: Evidence, place: Place, *, structured: bool) -> list[Finding]:
    """Restaurants that the evidence does not hold: heads of a list, and in running text what looks like a name.

    Of plain text, beside other unread clauses, only what has a branch is surely a name there: its clause is refused in any case.
    """
    found = []
    unread = sum(clause.account == "unread" for clause in account.clauses)
    surely = structured or unread <= len({number for number, _ in account.strangers})
    inside = (name for _, name in account.strangers if surely or "(" in name)
    strange = [*(one.head for one in account.listed if one.poi is None), *inside]
    brands = known_of(evidence.pois, place, KNOWN_DISHES).brands if strange else {}
    for head in strange:
        brand, _ = split_branch(fold(head))
        branches = brands.get(brand)
        if branches:
            names = "、".join(poi.name for poi in branches[:4])
            sentence = f"“{head}”不在查询结果中；查到的是：{names}，请写全名。"
            found.append(Finding("grounding", "wrong_branch", sentence, "contradicted", head))
        else:
            sentence = f"“{head}”不在查询结果中，只能推荐查到的餐厅。"
            found.append(Finding("grounding", "unknown_restaurant", sentence, "unsupported", head))
    return found if unread and not structured else found + _repeated([one.poi for one in account.listed if one.poi])


def _repeated(chosen: Sequence[Poi]) -> list[Finding]:
    if any(count > 1 for count in Counter(poi.poi_id for poi in chosen).values()):
        return [Finding("structure", "repeated_restaurant", "同一家餐厅在回答中出现了两次。")]
    return []


def _structure(candidate: Candidate, chosen: list[Poi], account: Account) -> list[Finding]:
    """Text and structure name the same restaurants."""
    stated = Counter(poi_id for poi_id, _ in candidate.recommendations)
    if any(count > 1 for count in stated.values()):
        return [Finding("structure", "repeated_restaurant", "推荐列表中有重复的餐厅。")]
    if not stated and not candidate.feasible and not any(clause.part == "item" for clause in account.clauses):
        return []  # what an answer that offers nothing says of single restaurants is no list
    if set(stated) != {poi.poi_id for poi in chosen} and all(one.poi for one in account.listed):
        return [Finding("structure", "text_and_list_differ", "回答中的餐厅与 recommendations 不一致，请一一对应。")]
    return []


def _claims(claims: tuple[Claim, ...], account: Account, by_id: dict[str, Poi]) -> list[Finding]:
    found = []
    for claim in claims:
        clause = account.clauses[claim.clause]
        if claim.status in {"unsupported", "contradicted"} and clause.scope != "unknown":
            found.append(claim_finding(claim, clause.text, by_id.get(claim.poi_id or "")))
    return list(dict.fromkeys(found))


def _wish(
    candidate: Candidate,
    wish: Wish,
    evidence: Evidence,
    account: Account,
    chosen: list[Poi],
    claims: tuple[Claim, ...],
    nothing: Emptiness,
    *,
    structured: bool,
) -> list[Finding]:
    found = _unsaid(wish, account, chosen, claims=() if structured else claims)
    if not candidate.feasible or account.says_nothing:
        fits = _fitting(evidence, wish) if structured else nothing.known
        return found + _nothing_fits(
            candidate, wish, evidence, account, replace(nothing, known=fits), () if structured else claims
        )
    if not structured:
        return found
    good = sum(not _sure(poi, wish) for poi in chosen)
    # How many fit is asked of all the evidence, and of whoever recommends enough it does not matter.
    fit = rules.ENOUGH if good >= rules.ENOUGH else len(_fitting(evidence, wish))
    enough = min(rules.ENOUGH, fit)
    if good < enough:
        sentence = f"查询结果中有{fit}家符合需求，至少应推荐{enough}家，现在只有{good}家。"
        found.append(Finding("wish", "too_few", sentence, "wish"))
    if not good and not found and not any(clause.account == "unread" for clause in account.clauses):
        sentence = "没有餐厅完全符合需求，应如实说明并标出最接近的选择。"
        found.append(Finding("wish", "nothing_fits_unsaid", sentence, "wish"))
    return found


def _fitting(evidence: Evidence, wish: Wish) -> tuple[Poi, ...]:
    return tuple(poi for poi in evidence.pois if not misses_of(poi, wish))


def _sure(poi: Poi, wish: Wish) -> tuple[Miss, ...]:
    return tuple(miss for miss in misses_of(poi, wish) if miss.sure)


def _unsaid(wish: Wish, account: Account, chosen: list[Poi], claims: tuple[Claim, ...]) -> list[Finding]:
    """A restaurant that does not fit is listed only with a true miss said. A clause that nobody read may be the one that says it.

    ``claims``: of text without structure. Prose names restaurants to compare, too: there the very value that misses, truly told,
    tells the miss.
    """
    found = []
    for poi in dict.fromkeys(chosen):
        missed = _sure(poi, wish)
        if missed and not _says_miss(account, poi, wish, missed, claims) and not _may_say(account, poi):
            sentence = f"{poi.name}不符合需求：{miss_sentence(poi, wish, missed)}。"
            found.append(Finding("wish", f"misses_{missed[0].kind}", sentence, "wish"))
    return found


_TELLS: Final = {
    "price": "budget", "total": "budget", "distance": "radius", "walk": "radius", "hours": "hours", "open_at": "hours", "cuisine": "cuisine", "fit": "budget", "dish": "diet",
}  # fmt: skip


def _told(poi: Poi, claims: tuple[Claim, ...]) -> set[str]:
    """The conditions of the wish whose value an answer truly tells of a restaurant."""
    good = [claim for claim in claims if claim.status in {"verified", "inferable"}]
    told = {_TELLS[claim.kind] for claim in good if claim.poi_id == poi.poi_id and claim.kind in _TELLS}
    if poi.cost_cny is None and any(
        _UNPRICED.search(claim.stated) for claim in good if claim.poi_id in {None, poi.poi_id}
    ):
        told.add("budget")  # 另有两家没标价: said of the set
    return told


def _relaxed(poi: Poi, account: Account) -> frozenset[str]:
    """若愿意多花一点，可以考虑某某: who names it beside what the guest would have to give up tells the miss."""
    for before, clause in pairwise(account.clauses):
        if split_branch(fold(poi.name))[0] in fold(clause.text) and _RELAXES.search(before.text + clause.text):
            return frozenset({"budget", "radius", "hours"})
    return frozenset()


_RELAXES: Final = re.compile(
    r"(?:愿意|若|如果|要是|肯|能|可以|接受|不介意|不在乎).{0,8}(?:加|多花|多走|放宽|提高|上调|贵|远|晚|改|换)"
)
_UNPRICED: Final = re.compile(
    r"(?:没有?标|未标|没写|未写|没有?|无|暂无|缺)(?:明|出|注)?(?:人均|标价|价)|(?:人均|价格?)(?:都|均)?(?:没|未|暂无|不详)"
)


def _is_prose(account: Account) -> bool:
    return not any(clause.part == "item" for clause in account.clauses)


def _says_miss(account: Account, poi: Poi, wish: Wish, missed: tuple[Miss, ...], claims: tuple[Claim, ...]) -> bool:
    said = account.said_misses.get(poi.poi_id, frozenset())
    if any(miss.kind == "cuisine" for miss in missed) and _none_of_its_kind(account, claims, wish.cuisine):
        return True
    if claims and _is_prose(account):
        if all(claim.kind == "name" for claim in claims if claim.poi_id == poi.poi_id):
            return True  # named to compare, or among others: nothing is said for it
        said |= _told(poi, claims) | _relaxed(poi, account)
    return bool(said & {miss.kind for miss in missed})


def _none_of_its_kind(account: Account, claims: tuple[Claim, ...], cuisine: str) -> bool:
    """两公里里没有俄国菜馆: whoever is named after that is of another cuisine."""
    none = (claim for claim in claims if claim.kind == "absence" and claim.poi_id is None and claim.status in _HOLDS)
    return any(fold(cuisine) in fold(account.clauses[claim.clause].text) for claim in none)


_HOLDS: Final = frozenset({"verified", "inferable"})


def _may_say(account: Account, poi: Poi) -> bool:
    """Whether something is said of a restaurant, or of a set that may hold it, that was not understood: it stands as a finding of its own."""
    return any(clause.account == "unread" and clause.scope in {poi.poi_id, "listed"} for clause in account.clauses)


def _nothing_fits(
    candidate: Candidate,
    wish: Wish,
    evidence: Evidence,
    account: Account,
    nothing: Emptiness,
    claims: tuple[Claim, ...],
) -> list[Finding]:
    """``claims``: of text without structure, whose flag is a reader's own: it may say that somebody could fit who might."""
    found = []
    if nothing.known:
        names = "、".join(poi.name for poi in nothing.known[:3])
        sentence = f"并非没有符合的餐厅：{names}符合全部需求。"
        found.append(Finding("wish", "false_nothing_fits", sentence, "contradicted"))
    elif not proved_empty(evidence, wish):
        sentence = f"还没有查完{wish.cuisine}在{wish.radius_m}米内的结果，不能说没有符合的餐厅，请查下一页。"
        found.append(Finding("wish", "unproved_nothing_fits", sentence, "unsupported"))
    if candidate.feasible and not (claims and nothing.likely):
        found.append(Finding("structure", "feasible_flag", "回答说没有符合的餐厅，feasible 应为 false。"))
    elif not account.says_nothing and not _each_misses(wish, account, claims) and not _unread_prose(account):
        sentence = "feasible 为 false，回答应直接说“没有完全符合要求的餐厅”。"
        found.append(Finding("wish", "nothing_fits_unsaid", sentence, "wish"))
    return found


def _each_misses(wish: Wish, account: Account, claims: tuple[Claim, ...]) -> bool:
    """Whether every restaurant that is named stands there with its miss: that says that none of them fits."""
    named = [one.poi for one in account.listed if one.poi is not None]
    if claims and _is_prose(account) and any(claim.kind == "absence" and claim.poi_id is None for claim in claims):
        return not account.says_fit  # nobody in the circle is of that price: a true "none" is a "nothing fits"
    return (
        bool(named)
        and not account.says_fit
        and all(
            not _sure(poi, wish) or _says_miss(account, poi, wish, _sure(poi, wish), claims) or _may_say(account, poi)
            for poi in named
        )
    )


def _unread_prose(account: Account) -> bool:
    """Whether a clause of the opening or the closing was not understood: it may say that nothing fits."""
    return any(clause.account == "unread" and clause.scope == "listed" for clause in account.clauses)
