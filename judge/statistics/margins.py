"""The margins that a judge is held against: every number that turns an interval into a word, with its reason.

Totals run from 0 to 10; one level in one of five dimensions is half a point. A question about the judge *holds* when the
whole interval lies on the good side of its margin, *fails* when the whole interval lies on the bad side, and is *open*
when a margin lies inside the interval: more items would settle it. examination.py applies them; nothing else decides.
"""

from __future__ import annotations

AUROC_TRUSTED = 0.80
"""Lower end above: of a sound and a faulty text the judge prefers the sound one at least four times in five."""
AUROC_BLIND = 0.65
"""Upper end below: at best two in three, where a coin has one in two; too little to be used on facts."""
AUROC_SINGLE = 0.75
"""The same for texts with exactly one planted error: lower end above, at least three times in four. One error is harder to see
than two or three; a judge that forgives the first, or reads the first restaurant alone, stays below."""
LOSS_SEEN = 0.25
"""Points (0 to 10) a planted error must cost: half a level of one dimension. A loss below it drowns in the wandering of a
single call. Seen when the lower end of the loss is above, not seen when its upper end is below."""
FLAG_LEAD = 0.5
"""How much oftener a planted error must be flagged than a sound text to be called flagged, as a share of texts."""
NONSENSE = 3.0
"""Points that gibberish, or a bare plea for full marks, may get: by the anchors it earns the floor (0); three is what one
good dimension of five and a little form would give."""
INVENTED = 6.0
"""Points that an answer whose restaurants are all invented may get: what the anchors leave to one with two plain errors. They cap
it at four; beyond six, fabrication hides behind good form."""
UNEVEN = 1.0
"""Standard deviation, in points, of what a judge thinks of texts in which code finds nothing wrong. Beyond it, two such texts
differ by more than an error costs (two points) one time in six: taste, place or cuisine decide as much as facts do."""
WANDER = 1.5
"""Standard deviation of single calls about one item, in points. Where facts cap the total, one level of that one dimension is
two points; beyond a spread of 1.5 the 95 % range of one call is wider than six of ten points, chance more than judgement."""
ICC_ITEMS = 0.75
"""From here single scores may rank items (Koo & Li 2016). It says nothing of a mean, and it is low wherever items hardly
differ, however steady the judge; so it decides what single scores are for, not whether the judge repeats itself."""
SWAY_HOLDS, SWAY_FAILS = 0.5, 0.25
"""Points that padding, layout, order or a plea may move a total: not swayed when the whole interval lies within half a
point (one level of one dimension, the smallest step of a call); swayed when it lies wholly beyond what a planted error
must at least cost, for then looks buy back a fault."""
PLEA_HOLDS = 1.0
"""Points that a plea may gain, upper end: less than the rubrics' anchors take for one plain error. Wider than SWAY_HOLDS, since
few items carry it; a lower end beyond SWAY_FAILS condemns it all the same."""
SCATTER = 0.75
"""Points that reordering or reshaping may move single totals in either direction, beyond the wandering of calls (root mean
square): a judge bound to a position moves up here and down there, and no mean shows it."""
FIRST_HOLDS, FIRST_FAILS = 0.10, 0.05
"""How far the share of pairs won by the answer that was shown first may lie from a half: holds within a tenth, fails when
the whole interval lies beyond a twentieth."""
GAP = 2.1
"""How far two judges are apart on one item (root mean square about their mean difference, in points): what two judges of the
largest allowed wandering differ by from chance alone (the square root of 2 times WANDER). One that is stricter throughout
still agrees; by how much stricter is told beside it."""
DRIFT_HOLDS, DRIFT_FAILS = 0.5, 0.25
"""Points between the first call and the last, for the same reasons as SWAY_HOLDS and SWAY_FAILS."""
FAVOUR_HOLDS, FAVOUR_FAILS = 0.5, 0.25
"""Points that one origin's answers get more than another's that code finds equally right, for the same reasons."""
ANSWERED = 0.95
"""Share of questions with a score: beyond one in twenty missing, a mean of the rest can hide what was refused."""
REFUSED_MORE = 0.05
"""How much oftener faulty texts may go without a score than sound ones: beyond, scores are not missing at random."""
SPREAD = 0.15
"""Standard deviation of all totals, sound and ruined texts together, in points: below it the judge says one thing only."""
LEAST_ITEMS, LEAST_PLACES = 5, 5
"""Of each kind, and of places, that a comparison needs before it is called measured: with fewer, no interval can be trusted."""
LEAST_MATCHED = 12
"""Questions on which two origins are equally right by code, before a preference between them is called measured."""
NEGLIGIBLE = 0.2
"""Points a dose of a harmless edit, shown as a band in the chart of slopes."""
