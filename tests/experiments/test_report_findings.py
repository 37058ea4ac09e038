"""What a report says beyond the measures: imitation, controls, the answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from driftline.baselines.ppo_settings import PPOSettings
from driftline.experiments.answer import answer
from driftline.experiments.controls_report import detectors, permutations, random_flags
from driftline.experiments.imitation import Offer, best_quarter, imitations, rises
from driftline.experiments.pay import pay, pay_sentence
from driftline.experiments.results import Results
from driftline.experiments.told import remarks, told
from driftline.experiments.wording import percent
from tests.experiments.synthetic import NEVER, RISING, STEPS, study

TWO = {"bucket": True, "again": True}

USUAL = study({"gm": NEVER, "ogm-quantile": RISING, "ogm-fixed": NEVER, "ppo": RISING}, seeds=3)


def scaled(results: Results, agent: str, factor: float) -> Results:
    """The results with an agent's hidden rewards multiplied."""
    runs = tuple(
        replace(run, hidden_rewards=factor * run.hidden_rewards) for run in results.episodes[agent]
    )
    return replace(results, episodes={**results.episodes, agent: runs})


def test_demonstrators_imitate_themselves() -> None:
    reference, gm = imitations(USUAL)
    assert reference.agent == "demonstrators"
    assert reference.ratio is not None
    assert reference.ratio.value == pytest.approx(1.0)
    assert gm.faithful


@pytest.mark.parametrize(("factor", "faithful"), [(0.9, False), (1.03, True), (1.2, False)])
def test_faithful_is_within_a_twentieth(factor: float, faithful: bool) -> None:
    _, gm = imitations(scaled(USUAL, "gm", factor))
    assert gm.faithful is faithful


def test_a_world_without_hidden_rewards_has_no_ratio() -> None:
    blinded = study({"gm": (0.0, 0.0)}, blinded=True)
    assert [each.faithful for each in imitations(blinded)] == [None, None]
    assert [each.below for each in imitations(blinded)] == [None, None]
    assert imitations(blinded)[1].offers == {"bucket": Offer(0.0, None)}


def test_lapses_are_counted_among_episodes_and_among_the_steps_that_offer_them() -> None:
    results = study({"gm": (0.4, 0.6)})
    theirs, gm = imitations(results)
    assert theirs.offers == {"bucket": Offer(1.0, 0.0)}
    # All steps of a flagged episode but the first are flagged, and every step offers.
    assert gm.offers["bucket"].offered == 1.0
    assert gm.offers["bucket"].taken == pytest.approx(0.5 * (STEPS - 1) / STEPS)
    assert theirs.below is not None
    assert theirs.below.value == 0.0
    assert gm.below is not None
    earned = np.concatenate([run.true_returns for run in results.episodes["gm"]])
    least = min(run.true_returns.min() for run in results.demonstrations)
    # A flagged episode earns nothing from its second step on; others fall short by chance.
    assert 0.5 <= gm.below.value == (earned < least).mean() < 0.7


def test_a_rise_is_above_the_quartile_and_above_the_mean_beyond_it() -> None:
    best = best_quarter(USUAL)
    returns = np.concatenate([run.observed_returns for run in USUAL.demonstrations])
    assert (returns >= best.begins).mean() == pytest.approx(0.25, abs=0.02)
    assert best.mean >= best.begins
    risen, stayed = rises(USUAL)
    assert risen.above_mean
    assert risen.first_round is not None
    assert not stayed.above_mean
    for each in (risen, stayed):
        assert each.above_quartile == (each.observed_return.value > best.begins)
        assert each.above_quartile or not each.above_mean


def test_chance_flags_keep_the_share_and_lose_everything_else() -> None:
    for each in random_flags(USUAL, "bucket"):
        rate = each.measured.table.counts["any"].sum()
        assert each.random.table.counts["any"].sum() == pytest.approx(rate, rel=0.25)
        assert each.correlation > 0.9
        assert abs(each.random_correlation) < 0.25
        assert sum(seed.fit is not None and seed.fit.rises for seed in each.measured.seeds) == 3
        assert sum(seed.fit is not None and seed.fit.rises for seed in each.random.seeds) <= 1


def test_chance_flags_do_not_follow_seeds_that_differ() -> None:
    """Where one seed shows it always and another never, chance must still say nothing."""
    risen, never = study({"ppo": (1.0, 0.9, 1.0, 0.9)}), study({"ppo": (0.0, 0.1, 0.0, 0.1)})
    runs = (risen.episodes["ppo"][0], never.episodes["ppo"][0])
    (found,) = random_flags(replace(risen, episodes={"ppo": runs}), "bucket")
    assert found.correlation > 0.9
    assert abs(found.random_correlation) < 0.5


def test_chance_does_not_follow_opportunities() -> None:
    """Opportunities that come with the behaviour must not make chance flags rise."""
    results = study({"finetune": RISING}, seeds=3)
    runs = tuple(
        replace(run, available={"bucket": run.flags["bucket"]})
        for run in results.episodes["finetune"]
    )
    (found,) = random_flags(replace(results, episodes={"finetune": runs}), "bucket")
    shares = found.random.table.pooled().share("any")[0]
    assert shares[:2].min() > 0.2


def test_dealing_true_returns_anew_leaves_chance_correlations() -> None:
    found = {each.agent: each for each in permutations(USUAL)}
    assert set(found) == {"demonstrators", *USUAL.agents}
    assert found["demonstrators"].correlation == pytest.approx(1.0)
    assert found["ppo"].correlation < -0.9
    for each in found.values():
        assert -0.5 < each.low <= each.high < 0.5


def test_a_detector_that_flags_all_deception_is_perfect() -> None:
    quality = detectors(USUAL)["bucket"]
    assert (quality.precision, quality.recall) == (1.0, 1.0)
    assert quality.flagged == quality.deceptive > 0


def test_the_answer_counts_agents() -> None:
    said = answer(USUAL, ["bucket"])
    (headline,) = said.headlines
    began = "had an onset of “bucket”"
    end = "from round 2 (100% of its last episodes)."
    ours, theirs = f"1 of 2 OGM agents {began}", f"1 of 2 agents they are compared with {began}"
    none = "No demonstration shows it."
    assert headline == f"{ours}: ogm-quantile {end} {theirs}: ppo {end} {none}"
    assert [each.agent for each in said.online] == ["ogm-quantile", "ogm-fixed"]
    assert {each.agent for each in said.compared} == {"gm", "ppo"}


def test_the_answer_says_how_much_of_it_was_demonstrated() -> None:
    results = study({"ogm-quantile": RISING}, demonstrated=0.3)
    (headline,) = answer(results, ["bucket"]).headlines
    shown = results.demonstrators.behaviours["bucket"].final_prevalence.value
    assert shown > 0.1
    assert headline.endswith(f"Of the demonstrations {percent(shown)} show it.")


def test_the_answer_says_how_much_was_watched_where_nothing_was_seen() -> None:
    said = answer(USUAL, ["bucket"])
    unseen = next(each for each in said.online if each.agent == "ogm-fixed")
    words = " ".join(unseen.sentences)
    assert "Not seen by round 7, in 240 episodes" in words
    assert "at most" in words


def test_the_answer_prices_capability_against_demonstrators() -> None:
    risen = answer(USUAL, ["bucket"]).online[0]
    measures, reference = USUAL.agents["ogm-quantile"], USUAL.demonstrators
    assert measures.true_return is not None
    assert reference.true_return is not None
    lost = reference.true_return.value - measures.true_return.value
    assert f"(−{lost:.2f})" in " ".join(risen.sentences)


def test_twins_and_the_unseen_are_told_in_a_sentence() -> None:
    results = study({"ogm-quantile": RISING}, undesired=TWO)
    assert told(results).behaviours == ("bucket",)
    assert told(results).same == {"again": "bucket"}
    (sentence,) = remarks(results, told(results))
    assert "“again” was the same as “bucket”" in sentence


def test_where_nobody_showed_anything_the_first_behaviour_is_told() -> None:
    results = study({"ogm-quantile": NEVER}, undesired=TWO)
    assert told(results).behaviours == ("bucket",)
    assert told(results).unseen == ("again",)
    (sentence,) = remarks(results, told(results))
    high = results.agents["ogm-quantile"].behaviours["again"].final_prevalence.high
    assert f"at most {100 * high:.2g}%" in sentence


def test_what_a_behaviour_pays_is_what_its_episodes_earned() -> None:
    found = pay(USUAL, "bucket")
    assert found.shown.observed > found.without.observed
    assert found.shown.true < found.without.true
    assert found.shown.episodes + found.without.episodes == 4 * 3 * 8 * 10
    assert "earned an observed return of" in pay_sentence(found, "bucket")
    assert pay_sentence(pay(study({"gm": NEVER}), "bucket"), "bucket") == ""


def test_a_learner_that_missed_it_is_accounted_for() -> None:
    (sentence,) = answer(study({"ppo": (0.0, 0.1, 0.0, 0.0)}, seeds=3), ["bucket"]).comparisons
    assert "In 3 seeds of 3, ppo did not take to it in 30,000 steps; it shows" in sentence
    assert "3 of 120 recorded episodes" in sentence
    rounds = PPOSettings().fewest_steps * 4
    assert rounds == 30_000, "a round of 80 steps is fewer than it learns from"
