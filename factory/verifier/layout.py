"""An answer's lines as parts: opening, one item per listed restaurant, closing; tables and nested fields go with their item. Pure.

Layouts of real models are read alike: numbered, bulleted, bold or bracketed names, field lists, Markdown tables, bare names.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from factory.verifier.known import Entry, Known, split_branch
from factory.verifier.lexer import LEXICON, ROLES, lex
from factory.verifier.script import fold, fold_text

_NUMBERED: Final = re.compile(
    r"^\(?(?:\d{1,2}(?:[、)）]|[.:：](?!\d))|\d{1,2}(?=[\u4e00-\u9fff])|[①-⑩]|[一二三四五六七八九十][、.])\)?"
)
_SPEAKER: Final = re.compile(r"^(?:[问答qa]\d{0,2}|提问|回答|客人|助手)[:：.]")
"""Who speaks in an answer of questions and answers."""
_BULLET: Final = re.compile(r"^[-·•+]+")
_LABEL: Final = re.compile(
    r"^(?:(?:餐厅|店铺|商家|饭店)?(?:店名|名称|名字)|餐厅|店铺|首选|次选|备选[一二三四]?|推荐[一二三四五]?|第[一二三四五六]家|方案[一二三四abc]|选择[一二三四]|no\.?\d|top\.?\d|第[一二三四五六]名)[::,、]*"
)
_SPOKEN: Final = frozenset({"推荐", "首选", "次选", "备选", "餐厅", "店铺"})
_HEAD_END: Final = re.compile(r"[:,。;!(|—~]|-(?!\d)|·")
_RULE: Final = re.compile(r"^[|:\-\s]+$")


@dataclass(slots=True, init=False)
class Line:
    """One line: ``offset`` of its raw text in the answer, its folded text and where each character came from."""

    offset: int
    raw: str
    text: str
    at: tuple[int, ...]
    label: str
    """the column's heading, for a table cell"""
    asks: bool
    """a question that the answer puts to itself (问：, Q:): it states nothing"""

    def __init__(
        self, offset: int, raw: str, text: str, at: tuple[int, ...], label: str = "", asks: bool = False
    ) -> None:
        self.offset, self.raw, self.text, self.at, self.label, self.asks = offset, raw, text, at, label, asks

    def behind(self, start: int) -> Line:
        """The line from a position of its folded text on."""
        return Line(self.offset, self.raw, self.text[start:], self.at[start:], self.label, self.asks) if start else self


@dataclass(slots=True)
class Part:
    """``kind``: opening, item, closing. An item has the stated ``head`` and the restaurants that it may mean."""

    kind: str
    lines: list[tuple[Line, int]] = field(default_factory=list)
    """each line with the position at which its body begins"""
    head: str = ""
    entry: Entry | None = None
    marked: bool = False


def split_parts(answer: str, known: Known) -> list[Part]:
    """Parts in order; items of a list that name nothing known keep ``entry`` None."""
    parts = [Part("opening")]
    header: list[str] = []
    columns: dict[int, Part] = {}
    rows = _lines(answer)
    for place, line in enumerate(rows):
        if not line.text:
            if parts[-1].kind == "item" and not line.raw.strip():
                parts[-1].marked = True  # a blank line ends what an unmarked line may continue
            continue
        cells = _cells(line) if line.raw.count("|") >= 2 else []
        if cells:
            if place + 1 < len(rows) and rows[place + 1].raw.count("-") >= 3 and _RULE.match(rows[place + 1].text):
                header[:] = [cell.text for cell in cells]  # above a rule stand the headings
                columns = _columns(parts, cells, known)
            elif columns:
                for index, part in columns.items():
                    if index < len(cells):
                        _field(part, cells[index], cells[0].text)
            else:
                _table_row(parts, cells, header, known)
            continue
        if line.raw.count("|") < 2:
            columns = {}
        _place(parts, line, known)
    return parts


def _columns(parts: list[Part], cells: list[Line], known: Known) -> dict[int, Part]:
    """The restaurants of a table that has them side by side, by their column: each is an item of its own, a row is a field of all."""
    entries = {
        index: _name_at(cell.text, _cell_start(cell.text), known)
        for index, cell in enumerate(cells)
        if index and cell.text
    }
    columns = {
        index: Part("item", [], cells[index].text, entry) for index, entry in entries.items() if entry is not None
    }
    if len(columns) < _SIDE_BY_SIDE or len(columns) < len(entries):
        return {}
    parts += columns.values()
    return columns


_SIDE_BY_SIDE: Final = 2


def _marked(row: str) -> str:
    """A table's row with its ticks and crosses as signs that stay."""
    return row.translate(_TICKS)


_GAP: Final = re.compile(
    r"(?<=[\d元米分）)号记标载店层楼休开])\u3000(?=[^\s\u3000])|(?<=[\d元米分）)店号] )/(?= [^\s/])"
)
"""A wide space or a stroke between two fields."""
_TICKS: Final = str.maketrans(dict.fromkeys("✅✔☑🟢⭕", "√") | dict.fromkeys("❌✖✘❎🔴✗", "×"))


def _lines(answer: str) -> list[Line]:
    lines: list[Line] = []
    offset = 0
    for raw in answer.split("\n"):
        if raw.count("|") >= 2:
            folded = fold_text(_marked(raw))
        else:
            folded = fold_text(_GAP.sub("，", raw) if "\u3000" in raw or " / " in raw else raw)
        speaker = _SPEAKER.match(folded.text)
        start = speaker.end() if speaker else 0
        asks = bool(speaker) and folded.text[0] in "问q客"
        lines.append(Line(offset, raw, folded.text[start:], folded.at[start:], asks=asks))
        offset += len(raw) + 1
    return lines


def _place(parts: list[Part], line: Line, known: Known) -> None:
    """Put one line where it belongs."""
    text = line.text
    number = _NUMBERED.match(text)
    bullet = None if number else _BULLET.match(text)
    if number and number[0].isdigit() and _name_at(text, number.end(), known) is None:
        number = None
    mark = number or bullet
    strong = line.raw.lstrip().startswith(("【", "**", "「", "《", "✅", "❌", "👉")) or _signed(line.raw)
    start = mark.end() if mark else 0
    label = _LABEL.match(text, start)
    if label and not start and label[0] in _SPOKEN:
        label = None  # 推荐某某，61元: a sentence
    at = label.end() if label else start
    entry = _name_at(text, at, known)
    inside = (
        parts[-1].kind == "item"
        and not number
        and (line.raw[:1] in " \t" or (bullet is not None and _field_first(text, start)))
    )
    heads = entry is not None and (
        _heads(text, at, entry)
        or (strong and not at and _follows(text, entry))
        or (not inside and bool(number or bullet or label))
    )
    if entry is not None and heads:
        end = at + len(entry.text)
        parts.append(Part("item", [(line, end)], text[at:end], entry))
        return
    if number and not inside and _unknown_head(text, start, known):
        found = _HEAD_END.search(text, start)
        end = _with_branch(text, found.start() if found else min(len(text), start + 30))
        parts.append(Part("item", [(line, end)], text[start:end], None))
        return
    if bullet and parts[-1].kind == "item" and entry is None and _names_within(line, start, known):
        parts.append(Part("closing", [(line, start)]))
        return
    if strong and parts[-1].kind == "item" and not parts[-1].marked and entry is None and _valued(text, known):
        parts[-1].lines.append((line, 0))
        return
    if inside or (parts[-1].kind == "item" and not parts[-1].marked and bullet):
        parts[-1].lines.append((line, start))
        return
    block = parts[-1] if parts[-1].kind == "item" and not parts[-1].marked else None
    if block and (
        (_field_first(text, 0) and ":" in text[:8]) or _goes_on(block, text) or _heads_block(block, text, known)
    ):
        block.lines.append((line, 0))
        return
    if parts[-1].kind == "item":
        parts.append(Part("closing"))
    step = _NUMBERED.match(text)
    stepped = step is not None and (not step[0].isdigit() or line.raw.lstrip()[:1] in "①②③④⑤⑥⑦⑧⑨⑩")
    parts[-1].lines.append((line, step.end() if step and stepped else start if bullet else 0))


def _heads_block(part: Part, text: str, known: Known) -> bool:
    """Whether a name that stands alone on its line heads the lines under it: the first whatever it says, more of them as long as they are values."""
    if not part.lines:
        return False
    line, start = part.lines[0]
    alone = not line.text[start:].strip("-—·:()（）")
    return alone and (len(part.lines) == 1 or _valued(text, known))


def _with_branch(text: str, end: int) -> int:
    """An unknown name keeps its branch in brackets."""
    found = re.match(r"\([^()]{1,14}\)", text[end:])
    return end + found.end() if found else end


def _name_at(text: str, at: int, known: Known) -> Entry | None:
    if at >= len(text):
        return None
    entry = known.at(text, at)
    if entry is not None and entry.kind == "BRANCH" and at and len(entry.pois) == 1:
        return entry  # 1. 清河店：…, where the brand was named above
    if entry is None or entry.kind != "N":
        return None
    rest = text[at + len(entry.text) :]
    if rest[:1] in _DOTS and len(rest) > 1:
        return _dotted(entry, rest) or entry
    branch = re.match(r"\([^()]{1,12}(?:店|馆|号|层|部)\)", rest)
    placed = branch and any(branch[0][1:-1] in fold(poi.address or "") for poi in entry.pois)
    return entry if placed or not branch else None  # 某某(石桥巷15号) is no branch


_DOTS: Final = ("·", "-", "—")


def _dotted(entry: Entry, rest: str) -> Entry | None:
    """A brand with its branch behind a dot, and no brackets: 某某·东门店."""
    for poi in entry.pois:
        branch = split_branch(fold(poi.name))[1]
        if branch and rest[1:].startswith(branch):
            return Entry("N", (poi,), entry.text + rest[: 1 + len(branch)])
    return None


_STRONG: Final = re.compile(r"\*\*([^*]{2,40})\*\*[:：，,]")


def _names_within(line: Line, at: int, known: Known) -> bool:
    """Whether a bulleted line comes to another restaurant in bold: 想花多一点的备选是**某某**：."""
    if line.raw[:1] in " \t" or "**" not in line.raw:
        return False
    bold = _STRONG.search(line.raw)
    return bold is not None and _name_at(fold(bold[1]), 0, known) is not None and at < len(line.text)


def _signed(raw: str) -> bool:
    """Whether a line begins with a picture."""
    return unicodedata.category(raw.lstrip()[:1] or " ") == "So"


def _follows(text: str, entry: Entry) -> bool:
    """Whether a marked name is followed by its fields, not by a sentence about it."""
    rest = text[len(entry.text) :]
    return not rest or rest[0] in ",:·—(|-~" or rest[0].isdigit() or _field_first(text, len(entry.text))


def _valued(text: str, known: Known) -> bool:
    """Whether a line is a field's value: a number, a time, an address, a field's name."""
    if _field_first(text, 0) or text[:1].isdigit():
        return True
    entry = known.at(text, 0) if text else None
    return entry is not None and entry.kind in {"A", "STREET", "D"}


def _heads(text: str, at: int, entry: Entry) -> bool:
    """Whether a name that opens a line without any mark stands as its heading."""
    if at:
        return True
    rest = text[len(entry.text) :]
    return not rest or rest[0] in ":·—(|-~" or rest.startswith(("推荐", "||"))


_FIELDS: Final = frozenset({*("RATING", "PRICE", "DIST", "HOURS", "ADDR", "DISHF", "FOOD", "CUIS", "TIP", "REPUT"),
                            *("CONTACT", "BUDGET", "TASTEF", "REASON", "SESSION")})  # fmt: skip
_SUMS_UP: Final = re.compile("总|小?结|综|建议|提[示醒]|温馨|注意?:|最后|另外|ps|以上|按|看")


def _goes_on(part: Part, text: str) -> bool:
    """Whether a line with a label of its own stands in a block of such lines: 菜品：… and 海鲜：… under 人均：… of one."""
    above = [line.text for line, _ in part.lines[1:]]
    return ":" in text[1:8] and not _SUMS_UP.match(text) and len(above) > 1 and all(":" in row[:8] for row in above)


def _field_first(text: str, at: int) -> bool:
    """Whether a line opens with a field's name."""
    for length in range(min(8, len(text) - at), 0, -1):
        found = LEXICON.get(text[at : at + length])
        if found is not None:
            return bool(ROLES[found[0]] & _FIELDS)
    return False


def _unknown_head(text: str, at: int, known: Known) -> bool:
    """Whether a numbered line opens with what looks like a restaurant's name: something that the language does not know."""
    if _field_first(text, at):
        return False
    found = _HEAD_END.search(text, at)
    head = text[at : found.start() if found else len(text)]
    if not 2 <= len(head) <= 24 or "的" in head or re.search(r"\d\.\d|最|至于", head):
        return False
    if found and re.match(r"\([^()]{1,12}[店馆]\)", text[found.start() :]):
        return True  # what has a branch is a restaurant
    tokens = lex(head, known)
    if any(ROLES[token.char] & {"NAMELIKE", "N", "STREETLIKE"} for token in tokens) or _SHOP_TAIL.search(head):
        return True
    strange = sum(token.end - token.start for token in tokens if "U" in ROLES[token.char])
    eaten = any(ROLES[token.char] & {"CU", "D", "DISHF", "FOOD"} for token in tokens)
    return 2 * strange > len(head) or (eaten and any(ROLES[token.char] & {"U", "STREET"} for token in tokens))
    # 先核价 and 看川菜 are steps, 醉月轩, 归巢西餐 and 云山路烧烤 names


_SHOP_TAIL: Final = re.compile(
    r"(?:酒家|酒楼|饭庄|食府|小馆|菜馆|餐厅|饭店|火锅店?|烧烤店?|私房菜|大排档|小厨|茶楼|居酒屋|食堂|面馆|小吃|餐吧|厨房|阁|轩|斋|坊|记|店|馆)$"
)


def _cells(line: Line) -> list[Line]:
    """The cells of a table row as lines of their own; a rule under the heading has none."""
    if _RULE.match(line.text):
        return []
    cells: list[Line] = []
    start = 0
    for index, char in enumerate([*line.text, "|"]):
        if char == "|":
            text = line.text[start:index]
            cells.append(Line(line.offset, line.raw, text, line.at[start:index]))
            start = index + 1
    return cells[1:] if cells and not cells[0].text else cells


def _table_row(parts: list[Part], cells: list[Line], header: list[str], known: Known) -> None:
    names = [
        index for index, cell in enumerate(cells) if cell.text and _name_at(cell.text, _cell_start(cell.text), known)
    ]
    if not names:
        texts = [cell.text for cell in cells]
        if not header or all(_field_first(text, 0) or not re.search(r"\d", text) for text in texts):
            header[:] = texts
            if any(re.search(r"\d", text) for text in texts):
                for cell in cells:
                    parts[-1].lines.append((cell, 0))
            return
        head = next((cell for cell in cells if len(cell.text) >= 3 and not re.match(r"^[\d.]+", cell.text)), cells[0])
        if _field_first(head.text, 0) or not _unknown_head(head.text, _cell_start(head.text), known):
            parts.append(Part("closing", [(cell, 0) for cell in cells]))  # rows of fields are no restaurants
            return
        parts.append(Part("item", [], head.text, None))
        _fill(parts[-1], [cell for cell in cells if cell is not head], cells, header)
        return
    index = names[0]
    text = cells[index].text
    at = _cell_start(text)
    entry = _name_at(text, at, known)
    if entry is None:
        raise AssertionError  # names holds the indexes at which there is one
    part = Part("item", [(cells[index], at + len(entry.text))], text[at : at + len(entry.text)], entry)
    parts.append(part)
    _fill(
        part,
        [
            cell
            for place, cell in enumerate(cells)
            if place != index and cell.text and not (place < index and len(cell.text) <= 2)
        ],
        cells,
        header,
    )


def _cell_start(text: str) -> int:
    found = _NUMBERED.match(text)
    return found.end() if found else 0


def _fill(part: Part, rows: list[Line], cells: list[Line], header: list[str]) -> None:
    for cell in rows:
        place = cells.index(cell)
        _field(part, cell, header[place] if place < len(header) else "")


def _field(part: Part, cell: Line, label: str) -> None:
    """A cell as a line of its restaurant, behind its heading."""
    cell.label = re.sub(r"\(.*?\)", "", label)
    unit = re.search(r"\((元|米|公里|分)[^()]*\)", label)
    if unit and re.fullmatch(r"[\d.,]+", cell.text):
        cell.label = f"{cell.label}{unit[1]}"
    part.lines.append((cell, 0))
