"""Edits that matter in nothing: a judge whose score they move is swayed by length, markup or order.

Pure and seeded by the item. An answer that an edit would make worse (it speaks of the order of its items) does not carry it.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable

from judge.asking import Item

PADDING = (
    "出门前看一眼天气，路上会从容一些。",
    "吃饭讲究的是心情，和谁一起吃往往比吃什么更重要。",
    "如果还想换个口味，也可以随时再告诉我。",
    "选餐厅没有标准答案，适合自己的就是最好的。",
    "慢慢挑，不用着急，合意最要紧。",
    "希望这份清单对您有用。",
    "愿您和同行的人都能吃得开心、聊得尽兴。",
    "按时坐下来用餐，是一天里很要紧的小事。",
    "拿不定主意的时候，听听同伴的想法也不错。",
    "有时候随性一点，反而会遇到惊喜。",
    "把手机充好电，路上导航会更安心。",
    "人的口味会变，这次的选择不必和上次一样。",
    "做决定前多想一步，往往能少走弯路。",
    "不管最后怎么选，过程轻松愉快就好。",
    "如果临时改了主意，换一个也完全没有问题。",
    "天冷的时候记得添件衣服，别着凉。",
    "偶尔换个节奏，日子也会不一样。",
    "祝您今天一切顺利，心情舒畅。",
    "有什么想补充的，直接说就可以。",
    "和熟悉的人坐在一起，时间总是过得很快。",
)
"""Sentences that state nothing about any restaurant."""
PADDING_SHARE = 0.3
"""Length that each dose of padding adds."""
_LISTED = re.compile(r"^(\s*)(\d+)([.、．)]\s*)(.+)$")
_BY_PLACE = re.compile(
    r"第[一二三四五]|首选|前[两三四]|从近到远|从高到低|依次|前者|后者|上面|上一家|同样|也是|其次|另外|再有|还有|最后"
)
"""Words that tell of an item's place in the list."""


def padded(item: Item, dose: int) -> str:
    """Each dose adds 30 % of the answer's length in sentences without any fact."""
    dice = random.Random(f"{item.item_id} padding")
    sentences, text = itertools.cycle(dice.sample(PADDING, len(PADDING))), ""
    while len(text) < PADDING_SHARE * dose * len(item.answer):
        text += next(sentences)
    return f"{item.answer}\n{text}"


def marked_up(item: Item, dose: int) -> str | None:
    """Bold names; then a heading over all; then one over the closing, too. None where there is no name or no closing."""
    lines = [_LISTED.sub(_bold, line) for line in item.answer.rstrip().splitlines()]
    if _LISTED.match(lines[-1]) or lines == item.answer.rstrip().splitlines():
        return None
    if dose > 1:
        lines = ["### 推荐", *lines]
    if dose > 2:
        lines = [*lines[:-1], "### 小结", lines[-1]]
    return "\n".join(lines)


def _bold(line: re.Match[str]) -> str:
    name, mark, rest = line[4].partition("：")
    bare = name.strip("*【】")
    return f"{line[1]}{line[2]}{line[3]}**{bare}**{mark}{rest}" if mark else line[0]


def reordered(item: Item, dose: int) -> str | None:
    """The same list items in another order, numbered anew; None with fewer than three."""
    lines = item.answer.splitlines()
    places = [number for number, line in enumerate(lines) if _LISTED.match(line)]
    if len(places) < 3 or _BY_PLACE.search(item.answer):
        return None
    texts = [_LISTED.sub(r"\4", lines[place]) for place in places]
    turned = {1: [texts[1], texts[0], *texts[2:]], 2: [*texts[1:], texts[0]], 3: texts[::-1]}[dose]
    for place, old, new in zip(places, texts, turned, strict=True):
        lines[place] = lines[place].removesuffix(old) + new
    return "\n".join(lines)


HARMLESS: dict[str, Callable[[Item, int], str | None]] = {
    "padding": padded,
    "markdown": marked_up,
    "reorder": reordered,
}
