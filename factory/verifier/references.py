"""Whom a reference names: by name, by place in the list, 上一家, 前者, 它, and the sets 三家, 前两家, 另外两家. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from factory.records import Poi
from factory.verifier.lexer import ROLES, Token
from factory.verifier.scene import Scene, State, UnreadError


def restaurants(tokens: Sequence[Token], state: State) -> tuple[Poi, ...]:
    """The restaurants that a reference names: by name, by place in the list, 上一家, 其他几家. Raises UnreadError."""
    listed = state.scene.listed
    found: list[Poi] = []
    for token in tokens:
        roles = ROLES[token.char]
        if roles & {"N", "BRANCH"}:
            found += _named(token, state)
        elif "ORD" in roles:
            found.append(_at(listed, token.value - 1))
        elif "LASTONE" in roles:
            found.append(_at(listed, len(listed) - 1))
        elif "PREVONE" in roles:
            found.append(_at(listed, state.item_number - 2))
        elif "NEXTONE" in roles:
            found.append(_at(listed, state.item_number))
        elif roles & {"FORMER", "LATTER"}:
            found.append(_of_two(state.scene)[0 if "FORMER" in roles else 1])
        elif "THIS" in roles:
            found += _this(state)
    if not found:
        raise UnreadError
    return tuple(dict.fromkeys(found))


def _this(state: State) -> tuple[Poi, ...]:
    """它, 这家: the one that is spoken of; of several, nobody can tell which."""
    if state.subject and len(state.subject) == 1:
        return state.subject
    if state.lost or state.subject:
        late = state.subject or tuple(dict.fromkeys(reversed(state.scene.mentioned)))[:2]
        state.unsure = True
        return state.choose([(poi,) for poi in late])
    return (state.item,) if state.item else _only(state.scene.listed)


def _of_two(scene: Scene) -> tuple[Poi, Poi]:
    """前者, 后者: the two that were named last, where the order of their first and of their last mention agree."""
    late = list(dict.fromkeys(reversed(scene.mentioned)))[:2][::-1]
    if len(late) < 2 and len(scene.listed) == 2:
        late = list(scene.listed)
    first = [poi for poi in dict.fromkeys(scene.mentioned) if poi in late] or late
    if len(late) < 2 or first != late:
        raise UnreadError
    return late[0], late[1]


def _only(listed: tuple[Poi, ...]) -> tuple[Poi, ...]:
    if len(listed) != 1:
        raise UnreadError
    return listed


def _named(token: Token, state: State) -> list[Poi]:
    """Among namesakes, brands and branches the one that is listed, if just one is."""
    pois = token.value.pois
    if len(pois) > 1:
        listed = [poi for poi in pois if poi in state.scene.listed]
        if len(listed) == 1:
            return listed
        spoken = listed or [poi for poi in pois if poi in state.scene.mentioned] or list(pois)
        state.unsure = True  # of one of its branches, whichever
        return list(state.choose([(poi,) for poi in spoken]))
    return list(pois)


def _at(listed: tuple[Poi, ...], index: int) -> Poi:
    if not 0 <= index < len(listed):
        raise UnreadError
    return listed[index]


def the_set(tokens: Sequence[Token], state: State) -> tuple[Poi, ...]:
    """The set that 三家, 这几家, 前两家, 另外两家, 其他几家 name among the listed. Raises UnreadError."""
    listed = state.scene.listed
    count = next((token.value for token in tokens if "CNT" in ROLES[token.char]), None)
    number = int(count.low) if count is not None and count.low == count.high else None
    names = frozenset().union(*(ROLES[token.char] for token in tokens))
    if names & {"OTHER"}:
        return state.choose(_others(number, state))
    if names & {"FIRST", "LAST"} and not names & {"THESE"} and number is not None:
        if number > len(listed):
            raise UnreadError
        return listed[:number] if "FIRST" in names else listed[-number:]
    if number is not None and number != len(listed):  # 这三家 of another set that was spoken of
        mentioned = tuple(dict.fromkeys(state.scene.mentioned))
        last = tuple(dict.fromkeys(reversed(state.scene.mentioned)))[:number][::-1]
        near = tuple(state.scene.of_cuisine(state.scene.wish.cuisine, state.scene.wish.radius_m))
        kind = tuple(state.scene.of_cuisine(state.scene.wish.cuisine, float("inf")))
        sets = (state.subject or (), mentioned, last, near, kind, state.scene.evidence.pois)
        rows = [row for row in sets if len(row) == number > 1]
        state.unsure = True
        return state.choose(rows)
    if not listed:
        raise UnreadError
    state.unsure = state.unsure or state.scene.prose
    return listed


def _others(number: int | None, state: State) -> list[tuple[Poi, ...]]:
    """另外两家, 其余几家: what remains of the listed, or of all of the kind, when those that were spoken of are left out."""
    scene = state.scene
    near = tuple(scene.of_cuisine(scene.wish.cuisine, scene.wish.radius_m))
    kind = tuple(scene.of_cuisine(scene.wish.cuisine, float("inf")))
    mentioned = tuple(dict.fromkeys(scene.mentioned))
    late = tuple(dict.fromkeys(reversed(scene.mentioned)))
    ways = [state.subject or (), (state.item,) if state.item else (), mentioned[-1:], late[:2], late[:3], mentioned]
    spoken = [state.excluded] if state.excluded else [row for row in ways if row][: None if number else 1]
    rows = [
        tuple(poi for poi in base if poi not in left_out)
        for base in (scene.listed, near, kind, scene.evidence.pois)
        for left_out in spoken
        if left_out
    ]
    return [row for row in rows if row and (number is None or len(row) == number)]
