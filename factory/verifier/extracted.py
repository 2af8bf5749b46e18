"""Claims that a second reader extracted from clauses that stayed unread: what may be believed of them, and how code decides. Pure.

The reader never sees evidence and never decides. Its quotes must be the clause's own words, cover every typed span of it and leave
no word with content over; each typed claim is then said in this file's own words and goes through the one grammar, against the
evidence, like anything that a writer says. A clause of which any part fails that stays unread.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from factory.records import Candidate, Claim, Clause, Evidence, Finding, Place, Verification, Wish

Check = Callable[[Candidate], Verification]
"""verify() with the order's wish, place and evidence bound."""
UNVERIFIABLE: Final = "unverifiable"
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_TYPED: Final = re.compile(
    r"\d+(?:[.:]\d+)?|[零一二两三四五六七八九十百千半]+(?=[家个位元块米分点道公里折成倍星人])|周[一二三四五六日末天]|星期.|每天|今天|今晚|工作日|早餐|午餐|下午茶|晚餐|夜宵|"
    r"评分|人均|预算|距离|营业|开门|打烊|休息|地址|电话|招牌|菜系|最|更|比|都|均|只有|唯一|没有|不|无|未|别|非"
)
"""Spans that change what a clause states: numbers, days, meals, fields, relations, quantifiers, negation."""
_CLOSED: Final = re.compile(
    r"[\s,，。;；:：、!！?？()（）“”\"'·~～…\-—]|"
    r"[的了呢吧啊哦呀嘛哈也还就又很挺蛮真可是有在和跟与而但则给把您你我它他这那家店里着过来去到想要会能]"
)
"""Words without content of their own: all that may be left over beside the quotes."""
_RELATION: Final = re.compile(
    r"比|[上前下]一家|其他|另外|最|更|差|[多少高低贵远近省][^\d]{0,4}\d|预算|一共|总共|合计|[\d两三四五六七八九十]个?[人位]"
)
_NEGATION: Final = re.compile(r"没有|没|不|无(?!线)|未|别(?!致)|非(?!常)")
_VALUES: Final = frozenset({"rating", "price", "distance", "walk", "hours", "opens", "closes"})
_DENIALS: Final = frozenset(
    {
        "not_cuisine",
        "shut_at",
        "day_off",
        "absent",
        "none_within",
        "over_budget",
        "under_budget",
        "over_radius",
        UNVERIFIABLE,
    }
)
_DECIDABLE: Final = re.compile(
    r"[\d０-９]|评分|人均|预算|距离|营业|开门|打烊|地址|电话|[一二两三四五六七八九十百千]+(?:家|元|块|米|公里|分钟|点)"
)
"""In a quote that is called unverifiable: values, which are decided or stay unread, but are never called groundless."""
_SIGNS: Final = {"=": "{}", "~": "约{}", ">=": "不低于{}", "<=": "不超过{}"}
_UNITS: Final = {"rating": ("评分", ""), "price": ("人均", "元"), "distance": ("距离", "米")}
_MORE: Final = {"distance": ("远", "近", "米"), "price": ("贵", "便宜", "元"), "rating": ("高", "低", "分")}
_TOPS: Final = {
    ("distance", "least"): "距离最近",
    ("distance", "most"): "距离最远",
    ("rating", "most"): "评分最高",
    ("rating", "least"): "评分最低",
    ("price", "least"): "人均最低",
    ("price", "most"): "人均最高",
}


@dataclass(frozen=True, slots=True)
class Extract:
    """What the reader made of one clause: ``number`` in the account, and its claims as it wrote them."""

    number: int
    claims: tuple[Mapping[str, Any], ...]


def unread(result: Verification) -> tuple[int, ...]:
    """Numbers of the clauses that stay unread and for which the answer is returned."""
    told = {finding.clause for finding in result.findings if finding.outcome == "not_understood"}
    return tuple(n for n, clause in enumerate(result.clauses) if clause.account == "unread" and clause.text in told)


def names_in(result: Verification) -> dict[str, str]:
    """Listed restaurants by poi id, in their order, as the answer writes them."""
    return {claim.poi_id: claim.stated for claim in result.claims if claim.kind == "name" and claim.poi_id}


def settle(result: Verification, extracts: Sequence[Extract], candidate: Candidate, check: Check) -> Verification:
    """The verification with the reader's claims decided; clauses whose extraction may not be believed stay as they were."""
    names = names_in(result)
    clauses, claims, findings = list(result.clauses), list(result.claims), list(result.findings)
    told: dict[int, str] = {}
    for extract in extracts:
        clause = clauses[extract.number]
        decided = _decided(extract, clause, names, candidate, check)
        if decided is None:
            continue
        told[extract.number] = _retold(extract, clause, names)
        clauses[extract.number] = replace(clause, account="claim", detachable=False)
        claims += [replace(claim, clause=extract.number) for claim in decided]
        findings += [_finding(claim, clause) for claim in decided if claim.status in {"contradicted", "unsupported"}]
    if not told:
        return result
    left = {clause.text for clause in clauses if clause.account == "unread"}
    findings = [one for one in findings if one.outcome != "not_understood" or one.clause in left]
    findings += _of_the_wish(result, told, candidate, check, findings)
    return replace(result, clauses=tuple(clauses), claims=tuple(claims), findings=tuple(dict.fromkeys(findings)))


def _of_the_wish(
    result: Verification, told: Mapping[int, str], candidate: Candidate, check: Check, findings: Sequence[Finding]
) -> list[Finding]:
    """What is left unsaid of the wish, now that less is unread: asked of the answer with code's words in place of those clauses."""
    text = candidate.answer
    for number in sorted(told, key=lambda one: result.clauses[one].start, reverse=True):
        clause = result.clauses[number]
        text = text[: clause.start] + told[number] + text[clause.end :]
    again = check(replace(candidate, answer=text))
    return [one for one in again.findings if one.outcome == "wish" and not one.clause and one not in findings]


def _retold(extract: Extract, clause: Clause, names: Mapping[str, str]) -> str:
    """A clause's claims in code's words, each behind the name of its restaurant where the clause stands elsewhere."""
    rows = []
    for claim in extract.claims:
        target, sentence = _target(claim, clause, names), said(claim)
        if sentence is not None:
            rows.append((names[target] if target is not None and target != clause.scope else "") + sentence)
    return "，".join(rows) or "供参考"


def covers(clause: str, claims: Sequence[Mapping[str, Any]], names: Sequence[str]) -> bool:
    """Whether the quotes are the clause's own words and leave neither a typed span nor a word with content over."""
    taken = [False] * len(clause)
    for claim in claims:
        quote = claim.get("quote")
        if not isinstance(quote, str) or not quote or quote not in clause:
            return False
        start = clause.index(quote)
        taken[start : start + len(quote)] = [True] * len(quote)
        if claim.get("kind") != UNVERIFIABLE and not (_numbers_told(quote, claim) and _shape_holds(quote, claim)):
            return False
    typed = [one.span() for one in _TYPED.finditer(clause)]
    typed += [one.span() for name in names for one in re.finditer(re.escape(name), clause)]
    if not claims or not all(all(taken[start:end]) for start, end in typed):
        return False
    left = "".join(sign for sign, is_taken in zip(clause, taken, strict=True) if not is_taken)
    return not _CLOSED.sub("", left)


def _numbers_told(quote: str, claim: Mapping[str, Any]) -> bool:
    """Whether every number of a quote stands in the claim that quotes it: a second number is a second claim."""
    values = " ".join(str(value) for name, value in claim.items() if name != "quote")
    told = {float(number) for number in _NUMBER.findall(values)}
    kilo = {value / 1000 for value in told}
    return all(float(number) in told | kilo for number in _NUMBER.findall(unicodedata.normalize("NFKC", quote)))


def _shape_holds(quote: str, claim: Mapping[str, Any]) -> bool:
    """Whether the kind is one that the quote's relations and negations allow: 少上一家0.4分 is no rating of 0.4."""
    kind, sign = str(claim.get("kind")), str(claim.get("sign") or "=")
    if kind in _VALUES and _RELATION.search(quote):
        return False
    bounded = kind in _UNITS and sign in {"<=", ">="}
    return kind in _DENIALS or bounded or _NEGATION.search(quote) is None


def _decided(
    extract: Extract, clause: Clause, names: Mapping[str, str], candidate: Candidate, check: Check
) -> list[Claim] | None:
    if not covers(clause.text, extract.claims, tuple(names.values())):
        return None
    decided: list[Claim] = []
    for claim in extract.claims:
        quote = str(claim["quote"])
        target = _target(claim, clause, names)
        if claim.get("kind") == UNVERIFIABLE:
            if _DECIDABLE.search(quote):
                return None  # what the evidence could decide was only not told apart
            decided.append(Claim(target, "feature", quote, None, "unsupported"))
            continue
        sentence = said(claim)
        found = None if sentence is None else _asked(sentence, target, names, candidate, check)
        if found is None:
            return None
        decided += [replace(one, stated=quote) for one in found]
    return decided


def _target(claim: Mapping[str, Any], clause: Clause, names: Mapping[str, str]) -> str | None:
    """The restaurant that a claim is about: the one that it names, else the item's."""
    named = claim.get("restaurant")
    by_name = {name: poi_id for poi_id, name in names.items()}
    if isinstance(named, str) and named in by_name:
        return by_name[named]
    return clause.scope if clause.scope in names else None


def _asked(
    sentence: str, target: str | None, names: Mapping[str, str], candidate: Candidate, check: Check
) -> list[Claim] | None:
    """The sentence decided in a list of the same restaurants; None when even this cannot be read."""
    rows = [
        f"{place}. {name}：{sentence if poi_id == target else '可以考虑'}。"
        for place, (poi_id, name) in enumerate(names.items(), 1)
    ]
    if target is None:
        rows += ["", f"{sentence}。"]
    result = check(replace(candidate, answer="\n".join(["以下餐厅供参考：", *rows])))
    mine = [number for number, clause in enumerate(result.clauses) if clause.text and clause.text in sentence]
    if not mine or any(result.clauses[number].account != "claim" for number in mine):
        return None
    found = [claim for claim in result.claims if claim.clause in mine and claim.kind != "name"]
    return found or None


def _finding(claim: Claim, clause: Clause) -> Finding:
    what = f"“{clause.text}”里的“{claim.stated}”"
    if claim.status == "contradicted":
        sentence = f"{what}与查询结果不符，查到的是{claim.truth}。请改正或删去。"
        return Finding("grounding", f"wrong_{claim.kind}", sentence, "contradicted", clause.text)
    sentence = f"{what}在查询结果中没有依据。请删去。"
    return Finding("grounding", f"wrong_{claim.kind}", sentence, "unsupported", clause.text)


def said(claim: Mapping[str, Any]) -> str | None:
    """A typed claim in the words that the grammar reads; None when its fields do not make one."""
    kind = claim.get("kind")
    try:
        return _FORMS[str(kind)](claim)
    except (KeyError, TypeError, ValueError, IndexError):
        return None


def _value(claim: Mapping[str, Any]) -> str:
    name, unit = _UNITS[str(claim["kind"])]
    return name + _SIGNS[str(claim.get("sign") or "=")].format(f"{float(claim['value']):g}{unit}")


def _when(claim: Mapping[str, Any]) -> str:
    return f"{claim.get('days') or ''}{claim.get('meal') or claim['time']}"


def _compared(claim: Mapping[str, Any]) -> str:
    fact, other = str(claim["fact"]), str(claim["other"])
    more, less, unit = _MORE[fact]
    word = {"more": more, "less": less}[str(claim["direction"])]
    amount = "" if claim.get("amount") is None else f"{float(claim['amount']):g}{unit}"
    return {"distance": "", "price": "人均", "rating": "评分"}[fact] + f"比{other}{word}{amount}"


_FACTS: Final = {
    "rating": "评分",
    "price": "人均",
    "hours": "营业时间",
    "phone": "电话",
    "dishes": "招牌菜",
    "address": "地址",
}


def _beyond(claim: Mapping[str, Any], with_amount: str, without: str) -> str:
    """A bound that is left or kept, by how much where that is told."""
    return without if claim.get("amount") is None else with_amount.format(f"{float(claim['amount']):g}")


_FORMS: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "rating": _value,
    "price": _value,
    "distance": _value,
    "walk": lambda claim: f"步行约{int(claim['minutes'])}分钟",
    "hours": lambda claim: (
        f"{claim.get('days') or ''}营业时间" + " ".join(f"{start}-{end}" for start, end in claim["spans"])
    ),
    "opens": lambda claim: f"{claim['time']}开门",
    "closes": lambda claim: f"{claim.get('days') or ''}营业到{claim['time']}",
    "day_off": lambda claim: f"{claim['days']}休息",
    "open_at": lambda claim: f"{_when(claim)}在营业",
    "shut_at": lambda claim: f"{_when(claim)}不营业",
    "address": lambda claim: f"地址是{claim['text']}",
    "phone": lambda claim: f"电话{claim['text']}",
    "cuisine": lambda claim: f"主营{claim['word']}",
    "not_cuisine": lambda claim: f"不是{claim['word']}",
    "dish": lambda claim: f"招牌菜有{claim['name']}",
    "comparison": _compared,
    "superlative": lambda claim: f"这几家里{_TOPS[str(claim['fact']), str(claim['end'])]}",
    "total": lambda claim: f"{int(claim['people'])}个人一共{float(claim['amount']):g}元",
    "count": lambda claim: f"一共{int(claim['number'])}家",
    "spare": lambda claim: _beyond(claim, "人均比预算上限低{}元", "没有超出预算"),
    "over_budget": lambda claim: _beyond(claim, "人均比预算上限高{}元", "超出预算"),
    "under_budget": lambda claim: _beyond(claim, "人均比预算下限低{}元", "低于预算下限"),
    "over_radius": lambda claim: _beyond(claim, "超出范围{}米", "超出范围"),
    "within": lambda claim: {"distance": "没有超出范围", "price": "在预算之内"}[str(claim["fact"])],
    "absent": lambda claim: f"没有标注{_FACTS[str(claim['fact'])]}",
    "none_within": lambda claim: f"{int(claim['meters'])}米内没有{claim['cuisine']}",
}


def bound(wish: Wish, place: Place, evidence: Evidence) -> Check:
    """verify() for one wish of an order."""
    from factory.verifier import verify  # noqa: PLC0415 - checks.py imports half the room

    return lambda candidate: verify(candidate, wish=wish, place=place, evidence=evidence)
