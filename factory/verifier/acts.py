"""What each act of frames.toml does: one table from its name to its function (acts_*.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from factory.verifier import (
    acts_absence,
    acts_clock,
    acts_counts,
    acts_dishes,
    acts_echoes,
    acts_features,
    acts_groups,
    acts_hours,
    acts_lists,
    acts_loose,
    acts_margins,
    acts_meals,
    acts_ratios,
    acts_sets,
    acts_talk,
    acts_values,
    acts_where,
    acts_wish,
)
from factory.verifier.scene import Said, State

ACTS: Final[dict[str, Callable[[Said, State], None]]] = {
    "rating": acts_values.rating, "price": acts_values.price, "distance": acts_values.distance, "walk": acts_values.walk, "ride": acts_values.ride, "steps": acts_values.steps,
    "address": acts_where.address, "phone": acts_where.phone, "cuisine": acts_values.cuisine, "not_cuisine": acts_values.not_cuisine, "vague": acts_loose.vague,
    "absent": acts_absence.absent, "unwritten": acts_absence.unwritten, "unsure": acts_absence.unsure, "subject": acts_values.subject, "subject_set": acts_values.subject_set, "identity": acts_values.identity,
    "bound": acts_values.bound, "hours": acts_hours.hours, "closes": acts_hours.closes_at, "opens": acts_hours.opens_at, "break": acts_hours.pause, "open_at": acts_hours.open_at,
    "shut_at": acts_hours.shut_at, "rest_day": acts_hours.rest_day, "stopped": acts_hours.stopped, "compare": acts_sets.compare, "compare_on": acts_sets.compare_on, "compare_wish": acts_sets.compare_wish,
    "same": acts_sets.same, "superlative": acts_sets.superlative, "sole": acts_sets.sole, "distribute": acts_lists.distribute, "try_it": acts_dishes.try_it, "rank": acts_lists.rank, "not_in": acts_values.not_in, "bound_ratio": acts_margins.bound_ratio, "sums": acts_lists.sums, "edge_word": acts_lists.edge_word, "except_absent": acts_lists.except_absent, "nth": acts_lists.nth, "ratio": acts_ratios.ratio, "pick": acts_talk.pick, "best_pick": acts_wish.best_pick, "only_fit": acts_counts.only_fit, "threshold": acts_wish.threshold, "second": acts_lists.second, "topic": acts_talk.topic, "middle": acts_loose.middle, "modified": acts_loose.modified, "walkable": acts_loose.walkable, "order_names": acts_lists.order_names, "except": acts_sets.except_, "difference": acts_lists.difference, "margin": acts_margins.margin, "count_of": acts_groups.count_of, "none_of": acts_groups.none_of, "sole_of": acts_groups.sole_of, "members_of": acts_groups.members_of, "subject_group": acts_groups.subject_group, "these_are": acts_groups.these_are, "open_close": acts_hours.open_close, "extreme_time": acts_groups.extreme_time, "bare": acts_values.bare, "value_of": acts_values.value_of, "brand_is": acts_groups.brand_is, "no_worry": acts_meals.no_worry, "taste_match": acts_dishes.taste_match, "sole_fit": acts_counts.sole_fit, "branches": acts_counts.branches, "suits": acts_counts.suits, "world_set": acts_counts.world_set, "order": acts_lists.order, "ordered": acts_lists.ordered, "spread": acts_lists.spread, "cannot": acts_wish.cannot, "fitting_name": acts_wish.fitting_name, "total": acts_lists.total, "average": acts_lists.average,
    "beyond": acts_wish.beyond, "within": acts_wish.within, "at_bound": acts_wish.at_bound, "fits": acts_wish.fits, "misses": acts_wish.misses, "nothing": acts_wish.nothing,
    "count": acts_counts.count, "echo": acts_echoes.echo, "echo_taste": acts_echoes.echo_taste, "intro": acts_echoes.intro, "dish": acts_dishes.dish, "not_dish": acts_dishes.not_dish, "dish_choice": acts_dishes.dish_choice,
    "dish_is": acts_dishes.dish_is, "cuisine_taste": acts_dishes.cuisine_taste, "taste_of_shop": acts_dishes.taste_of_shop, "feature": acts_features.feature, "diet_tag": acts_features.diet_tag, "website": acts_features.website, "present": acts_features.present, "chat": acts_talk.chat, "introduced": acts_talk.introduced, "versus": acts_features.versus, "product": acts_features.product, "meal_left": acts_meals.meal_left, "closed_after": acts_hours.closed_after, "absent_days": acts_hours.absent_days, "rest_until": acts_hours.rest_until, "none_open": acts_meals.none_open,
    "clock": acts_clock.clock, "clock_by_day": acts_clock.clock_by_day, "online": acts_margins.online, "far_from_bound": acts_margins.far_from_bound, "set_value": acts_groups.set_value, "dish_count": acts_dishes.dish_count, "made_of": acts_dishes.made_of, "address_of": acts_groups.address_of, "scope": acts_groups.scope, "searched": acts_echoes.searched, "wish_list": acts_echoes.wish_list, "condition": acts_talk.condition,
    "talk": acts_talk.talk, "contact": acts_talk.contact, "advice": acts_talk.advice, "tell": acts_talk.tell, "asks": acts_talk.asks, "criterion": acts_talk.criterion, "choose": acts_talk.choose,
}  # fmt: skip
