"""Whom a reader's claim speaks of: names as an answer writes them, and the sets that listed, others and area may mean. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from factory.records import ClaimStatus, Poi
from factory.verifier.lexer import ROLES, Token, lex
from factory.verifier.scene import Scene
from factory.verifier.script import fold

Pois = tuple[Poi, ...]
LISTED: Final = frozenset({"listed", "all", "all_listed", "these"})
OTHERS: Final = frozenset({"others", "other", "rest"})
AREA: Final = frozenset({"area", "radius", "all_in_radius", "world", "nearby"})
GOOD: Final = frozenset({"verified", "inferable"})


@dataclass(frozen=True, slots=True)
class Ground:
    """What a claim is decided on. ``item``: the restaurant whose item the clause stands in; ``named``: those in the clause itself.

    ``mentioned``: every restaurant that the answer names; ``ask``: a sentence of code's own, of one restaurant, read by the grammar.
    """

    scene: Scene
    item: Poi | None
    named: Pois
    mentioned: Pois
    gaps: frozenset[str] = frozenset()
    """ids of restaurants of which the answer says that the map has not got something"""
    question: str = ""
    """the guest's own words, folded"""
    after: str = ""
    """the sign behind the clause"""
    tells_closed: bool = False
    """whether the answer says of anybody that it is closed for now"""
    ask: Callable[[str, Poi], ClaimStatus | None] = field(default=lambda _sentence, _poi: None)


@dataclass(frozen=True, slots=True)
class Sets:
    """The sets that an expression may mean, likeliest first; ``fixed``: the claim itself names its members."""

    rows: tuple[Pois, ...]
    fixed: bool


def turned(status: ClaimStatus | None) -> ClaimStatus | None:
    """The status of a claim's denial: what nothing is known of stays unsupported."""
    return "contradicted" if status in GOOD else "verified" if status == "contradicted" else status


def tokens_of(text: str, ground_or_scene: Ground | Scene) -> list[Token]:
    """The tokens of a text, folded."""
    scene = ground_or_scene.scene if isinstance(ground_or_scene, Ground) else ground_or_scene
    return lex(fold(text), scene.known)


def meant(name: str, scene: Scene, mentioned: Sequence[Poi]) -> Poi | None:
    """The one restaurant that a name means, as the answer writes it; of namesakes the one that the answer speaks of."""
    flat = fold(name)
    pois: Pois = tuple(poi for poi in scene.evidence.pois if fold(poi.name) == flat)
    if not pois:
        entry = scene.known.entry(flat)
        pois = entry.pois if entry is not None and entry.kind in {"N", "BRANCH"} else ()
    if not pois:
        named = [token for token in lex(flat, scene.known) if "N" in ROLES[token.char]]
        pois = named[0].value.pois if len(named) == 1 else ()
    for spoken in (scene.listed, mentioned):
        if len(pois) > 1:
            pois = tuple(poi for poi in pois if poi in spoken) or pois
    return pois[0] if len(pois) == 1 else None


def named_in(tokens: Sequence[Token], scene: Scene, mentioned: Sequence[Poi]) -> Pois:
    """The restaurants that a clause names, each once; a name that several bear counts where the answer speaks of one of them."""
    pois = [
        meant(token.text, scene, mentioned)
        for token in tokens
        if "N" in ROLES[token.char] or ("BRANCH" in ROLES[token.char] and len(token.value.pois) == 1)
    ]
    return tuple(dict.fromkeys(poi for poi in pois if poi is not None))


def sets_of(names: Sequence[str], ground: Ground, apart: Sequence[str] = ()) -> Sets | None:
    """The sets that ``of``, ``other`` or ``among`` may mean; ``None`` where a name is nobody's or nobody is meant."""
    left_out = _resolved(apart, ground)
    if left_out is None:
        return None
    if not names:
        return _unsaid(ground)
    words = {name.lower() for name in names}
    if len(names) == 1 and words & (LISTED | OTHERS | AREA):
        if words & OTHERS and not left_out:
            left_out = ground.named or ((ground.item,) if ground.item else ())
        area = _area(ground.scene) if words & (AREA | OTHERS) else ()
        rows = area if words & AREA else (ground.scene.listed, ground.mentioned, *area)
        unique = dict.fromkeys(tuple(poi for poi in row if poi not in left_out) for row in rows)
        kept = tuple(row for row in unique if row)
        return Sets(kept, fixed=False) if kept else None
    pois = _resolved(names, ground)
    return Sets((pois,), fixed=True) if pois else None


def _resolved(names: Sequence[str], ground: Ground) -> Pois | None:
    pois: list[Poi] = []
    for name in names:
        poi = meant(name, ground.scene, ground.mentioned)
        branches = (poi,) if poi is not None else _branches(name, ground)
        if not branches:
            return None
        pois += branches
    return tuple(dict.fromkeys(pois))


def _branches(name: str, ground: Ground) -> Pois:
    """All branches of a brand that the answer names: 荷堂寿司 where it speaks of two."""
    entry = ground.scene.known.entry(fold(name))
    return tuple(poi for poi in ground.mentioned if entry is not None and entry.kind == "N" and poi in entry.pois)


def _unsaid(ground: Ground) -> Sets | None:
    """Nobody is named by the claim: the item's restaurant, the one that the clause names, the only one that there is."""
    if ground.item is not None:
        return Sets(((ground.item,),), fixed=True)
    for pois in (ground.named, ground.scene.listed):
        if len(pois) == 1:
            return Sets((pois,), fixed=True)
    return None


def _area(scene: Scene) -> tuple[Pois, ...]:
    """All that the map showed: of the wish's cuisine within its radius; of the cuisine wherever; all of them."""
    wish = scene.wish
    kind = tuple(scene.of_cuisine(wish.cuisine, wish.radius_m))
    return kind, tuple(poi for poi in scene.evidence.pois if poi.cuisine == wish.cuisine), scene.evidence.pois
