"""Acts of where a restaurant is and how it is reached by phone: address and number, its own or nobody's."""

from __future__ import annotations

import re
from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier import rules
from factory.verifier.lexer import ROLES
from factory.verifier.references import restaurants
from factory.verifier.scene import Said, State, UnreadError
from factory.verifier.script import fold


def address(said: Said, state: State) -> None:
    """An address must be this restaurant's, whole or up to its number; a street alone is inferable."""
    poi = state.one()
    stated = said.all("v")[0] if said.has("v") else None
    vague = (
        stated is not None and "STREETLIKE" in ROLES[stated.char] and not any(char.isdigit() for char in stated.text)
    )
    if vague and not (said.of("ADDR") or said.of("AT")):
        raise UnreadError  # 带着五人游古文化街
    own = fold(poi.address or "")
    if stated is None:
        text = said.text
        named = re.sub(r"^(?:地址|位于|就?在|是|:)+", "", fold(text))
        if own and len(named) >= rules.ADDRESS_LEAST and named in own:
            state.say("address", text, [(poi, "inferable", poi.address)])
            return
        if not _PLACELIKE.search(named):
            raise UnreadError  # 如果更在乎评分
        state.say("address", text, [(poi, "unsupported", poi.address)])
        return
    roles = ROLES[stated.char]
    held = poi in getattr(stated.value, "pois", ()) or (
        own != "" and stated.text in own and len(stated.text) >= rules.ADDRESS_LEAST
    )
    if own and own in stated.text:
        district = _DISTRICT.search(stated.text.partition(own)[0])
        if district and district[0] not in fold(f"{state.scene.place.city}{state.scene.place.name}"):
            raise UnreadError  # 某区竹山路1号: the map's address names no district
        status: ClaimStatus = "inferable"  # with the word before it
    elif held and "A" in roles:
        status = "verified" if stated.text == own else "inferable"
    elif held:
        status = "inferable"
    else:
        status = "contradicted" if own else "unsupported"
    state.say("address", said.raw([stated]), [(poi, status, poi.address)])


_DISTRICT: Final = re.compile("[一-鿿]{1,4}[区县市镇]$")
_PLACELIKE: Final = re.compile(r"[路街巷道弄号楼层座室村里]|广场|中心|大厦|商场|天地|大楼|城|胡同|园|院")


def phone(said: Said, state: State) -> None:
    """A number must be one of this restaurant's."""
    if said.has("n"):
        state.subject, state.fresh = restaurants(said.all("n"), state), True
    stated = re.sub(r"\D", "", said.all("v")[0].text)
    guessed = state.item is None and not state.fresh
    if guessed and (owner := _owner(stated, state)) is not None:
        state.say("phone", said.text, [(owner, "verified", owner.tel)])  # it tells itself whose it is
        return
    poi = state.one()
    own = _numbers(poi)
    status: ClaimStatus = "verified" if stated in own else "contradicted" if own else "unsupported"
    others = (one for one in state.scene.listed if stated in _numbers(one))
    if status != "verified" and ((guessed and (state.lost or state.carried)) or next(others, None) is not None):
        raise UnreadError  # the number of another that is listed may stand on a line of its own
    state.say("phone", said.text, [(poi, status, poi.tel)])


def _numbers(poi: Poi) -> set[str]:
    whole = re.sub(r"\D", "", poi.tel or "")
    return {re.sub(r"\D", "", part) for part in re.split(r"[;,/、]+|\s(?=0\d|\+|1\d{10})", poi.tel or "") if part} | (
        {whole} if whole else set()
    )


def _owner(stated: str, state: State) -> Poi | None:
    """Where nobody is spoken of for sure: whose number it is, among those that were named."""
    late = list(dict.fromkeys(reversed(state.scene.mentioned)))[:2]
    about = state.subject or ()
    return next((poi for poi in (*about, *late) if stated in _numbers(poi)), None) if state.lost or not about else None
