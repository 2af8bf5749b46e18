"""Names of open map data as a Chinese speaker reads them: one simplified name to show, every other one accepted.

``name:zh-Hans`` comes before ``name:zh``, that before the traditional forms, all before the local name; whatever is Chinese is
shown simplified (OpenCC, t2s), so that 繁 never stands beside 简. Japanese text (with kana) is left as it is. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from factory.errors import UsageError

_LANGUAGE: Final = re.compile(r"name:([a-z]{2,3}(?:[-_][A-Za-z]+)*)")
_OTHERS: Final = ("alt_name", "short_name", "official_name", "old_name", "int_name", "loc_name")
_HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_KANA: Final = re.compile(r"[\u3041-\u30ff]")
_NO_CHARACTERS: Final = {"pinyin", "latn", "latin"}
_SIMPLIFIED: Final = {"hans", "cn", "sg", "my"}


def names_of(names: Mapping[str, str]) -> list[str]:
    """The name to show first, then every other one that it is found by. Keys as in OpenStreetMap: name, name:zh-Hans, alt_name."""
    ranked = sorted(
        (rank, place, part.strip())
        for place, (key, value) in enumerate(names.items())
        if (rank := _rank(key)) is not None
        for part in value.split(";")
        if part.strip()
    )
    originals = [text for _, _, text in ranked]
    return list(dict.fromkeys([*(simplified(text) for text in originals[:1]), *originals, *map(simplified, originals)]))


def _rank(key: str) -> int | None:
    """Lower is nearer to what a Chinese speaker would say; None is no name."""
    if key == "name":
        return 3
    if key in _OTHERS:
        return 6
    language = _LANGUAGE.fullmatch(key)
    if language is None:
        return None
    first, *rest = re.split(r"[-_]", language[1].lower())
    if first != "zh":
        return 4 if first == "en" else 5
    if _NO_CHARACTERS & set(rest):
        return 6
    return 1 if not rest else 0 if _SIMPLIFIED & set(rest) else 2


def simplified(text: str) -> str:
    """Chinese in simplified characters; anything else as it is. Raises UsageError when OpenCC is not installed."""
    return str(_converter().convert(text)) if _HAN.search(text) and not _KANA.search(text) else text


@lru_cache(maxsize=1)
def _converter() -> Any:
    try:
        from opencc import OpenCC  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            "Reading open map data needs OpenCC: start with `make synth MAP=open:FILE`, which installs it."
        ) from error
    return OpenCC("t2s")


def folded(name: str) -> str:
    """A name without case, width and spaces, so that ＨＥＬＳＩＮＫＩ and Helsinki are one; Chinese in simplified characters."""
    return "".join(unicodedata.normalize("NFKC", simplified(name)).casefold().split())
