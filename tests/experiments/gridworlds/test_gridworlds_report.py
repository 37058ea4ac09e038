"""The suite's page opens offline and every sentence of it follows the numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from driftline.experiments.gridworlds.arising import tally
from driftline.experiments.gridworlds.comparisons import AGAINST, caution, onset_tests
from driftline.experiments.gridworlds.digest import Digest, Suite
from driftline.experiments.gridworlds.explanations import explanation
from driftline.experiments.gridworlds.page_tables import JUDGED, controls_section, pattern_section
from driftline.experiments.gridworlds.pattern import patterns
from driftline.experiments.gridworlds.questions import Questions, questions
from driftline.experiments.gridworlds.report import write_gridworlds_report
from driftline.experiments.gridworlds.scales import on_scale, over_worlds, place, places
from driftline.experiments.gridworlds.summary import summary
from driftline.experiments.imitation import Offer
from driftline.experiments.wording import percent
from driftline.experiments.world_settings import world_settings
from driftline.safety.measurement import Measurement
from driftline.safety.statistics import holm
from tests.experiments.gridworlds.suites import AGENTS, suite, suite_of
from tests.experiments.synthetic import NEVER, RISING
from tests.experiments.test_report import LOADS, Page

WORLDS = ("tomato-watering", "boat-race")


@pytest.fixture(scope="module")
def told() -> Suite:
    return suite(dict.fromkeys(WORLDS, AGENTS))


@pytest.fixture(scope="module")
def page(told: Suite, tmp_path_factory: pytest.TempPathFactory) -> Page:
    root = tmp_path_factory.mktemp("page")
    return Page(write_gridworlds_report(root, told).read_text())


def everything(said: Questions) -> str:
    parts = [*said.headlines]
    for group in (said.offline, said.arising, said.speed):
        parts += [sentence for each in group for sentence in each.sentences]
    return " ".join(parts)


# The page


def test_the_page_loads_nothing_and_leads_to_every_world(page: Page) -> None:
    assert not [name for _, name, _ in page.attributes if name in LOADS]
    leads = [value for value in page.values("href", "a") if not value.startswith("#")]
    assert set(leads) == {f"worlds/{name}/report.html" for name in WORLDS}
    assert "nan" not in re.findall(r"[a-z]+", page.said().lower())


def test_identifiers_are_unique_and_contents_lead_somewhere(page: Page) -> None:
    identifiers = page.values("id")
    assert len(set(identifiers)) == len(identifiers)
    assert {v[1:] for v in page.values("href", "a") if v.startswith("#")} <= set(identifiers)


def test_every_agent_has_a_column_and_every_world_a_row(page: Page) -> None:
    said = page.said()
    for name in (*WORLDS, *(each for each in AGENTS if not each.endswith("honest"))):
        assert name in said


# The answers


def test_answers_name_who_began_where_and_when(told: Suite) -> None:
    later, _, first = questions(told).headlines[1].partition("From the first round on")
    assert "of 2 worlds that have any: ogm-quantile in 2, ogm-fixed in 0 and ppo in 0." in later
    assert "ogm-quantile in 0, ogm-fixed in 0 and ppo in 2." in first
    rising = next(each for each in questions(told).arising if each.agent == "ogm-quantile")
    onset = told.worlds[0].of("ogm-quantile", "bucket").onset.round
    assert f"“bucket” in tomato-watering from round {onset:g} (100% at the end" in " ".join(
        rising.sentences
    )


def test_what_was_there_before_anything_was_learnt_has_not_come_rapidly() -> None:
    half = (0.5,) * 8
    agents = {"gm": half, "ogm-quantile": half, "finetune": RISING, "ppo": (1.0,) * 8}
    whole = suite({"boat-race": agents, "whisky-gold": agents})
    said = questions(whole)
    assert (
        "of 2 worlds that have any: ogm-quantile in 0, finetune in 2 and ppo in 0."
        in (said.headlines[1])
    )
    mine = next(each for each in said.arising if each.agent == "ogm-quantile")
    assert "There from the first round on: “bucket” in boat-race (50% at the end, gm 50%)" in (
        " ".join(mine.sentences)
    )
    assert "2 begin after the first round (2 undetermined)" in said.headlines[2]
    assert "4 are there from the first round on, in 2 of them not clearly" in said.headlines[2]
    assert tally(whole, "ppo") == {"from the first round": ["boat-race", "whisky-gold"]}


def test_agents_that_did_the_same_are_told_and_counted_once() -> None:
    agents = {"gm": NEVER, "ogm-quantile": RISING, "ogm-fixed": RISING}
    plain = suite(dict.fromkeys(("boat-race", "whisky-gold"), agents))
    assert [world.twins for world in plain.worlds] == [{}, {}]
    first, second = plain.worlds
    same = {**first.agents, "ogm-fixed": first.agents["ogm-quantile"]}
    whole = suite_of([replace(first, agents=same), second])
    assert [world.twins for world in whole.worlds] == [{"ogm-fixed": "ogm-quantile"}, {}]
    said = questions(whole)
    fixed = next(each for each in said.speed if each.agent == "ogm-fixed")
    assert "Did exactly what ogm-quantile did, whose target asks for the same there: boat-race" in (
        " ".join(fixed.sentences)
    )
    assert said.headlines[2].startswith("Of 3 pairs")
    tested = [(each.world, each.agent) for each in onset_tests(whole)]
    assert tested == [("boat-race", "gm"), ("whisky-gold", "gm"), ("whisky-gold", "ogm-fixed")]


def test_what_was_not_seen_has_a_limit_and_nobody_is_called_safe(told: Suite) -> None:
    said = questions(told)
    quiet = next(each for each in said.arising if each.agent == "ogm-fixed")
    assert re.search(r"at most [\d.]+% of the final episodes", " ".join(quiet.sentences))
    assert not re.search(r"\b(un)?safe\b", everything(said))


def test_the_tally_counts_every_verdict_once(told: Suite) -> None:
    for agent in told.agents:
        assert sum(len(worlds) for worlds in tally(told, agent).values()) == len(told.rows())


def lapsing(world: Digest, name: str, share: float) -> Digest:
    """The world under another name, its imitator showing the bucket in ``share`` of episodes."""
    shown = {
        agent: replace(
            world.imitated[agent],
            prevalence={"bucket": Measurement(value, 0.9 * value, value + 1e-4, 9_999, 2, "")},
        )
        for agent, value in (("gm", share), ("demonstrators", 0.0))
    }
    return replace(world, config=replace(world.config, name=name), imitated=shown)


def test_an_imitator_that_shows_more_than_its_demonstrators_is_named() -> None:
    told = suite({"boat-race": {"gm": (1.0,) * 8, "ogm-quantile": RISING}})
    headline = questions(told).headlines[0]
    assert "in 1 it shows undesired behaviour clearly more often" in headline
    assert "(100% of its episodes in boat-race)" in headline
    shares = {"whisky-gold": 0.4, "boat-race": 0.03, "tomato-watering": 0.002}
    few = suite_of([lapsing(told.worlds[0], name, share) for name, share in shares.items()])
    headline = questions(few).headlines[0]
    assert "in 3 it shows undesired behaviour" in headline
    assert "(40% of its episodes in whisky-gold and at most 3% in 2 worlds)" in headline
    assert "none" in questions(suite({"boat-race": {"gm": NEVER}})).headlines[0]


# Tests of onset


def test_tests_are_corrected_over_all_worlds(told: Suite) -> None:
    found = onset_tests(told)
    agents = [name for name in told.agents if name != AGAINST]
    assert [(each.world, each.agent) for each in found] == [(w, a) for w in WORLDS for a in agents]
    expected = holm([each.p_value for each in found])
    assert np.array_equal([each.adjusted for each in found], expected)
    assert {each.sooner for each in found if each.agent == "ppo"} == {True}
    assert {each.sooner for each in found if each.agent == "ogm-fixed"} == {False}


def test_few_seeds_and_many_tests_are_warned_of(told: Suite) -> None:
    tests = len(onset_tests(told))
    assert caution(told, tests).startswith("at 2 seeds no rank test can reach .05")
    assert caution(told, 0) == ""


# Scales and the pattern


def test_capability_is_nought_at_the_demonstrators_and_one_at_the_best(told: Suite) -> None:
    world = told.worlds[0]
    best, theirs = world_settings(world.name).performance, world.demonstrators.true_return
    assert theirs is not None
    honest = place(changed(world, "gm", theirs.value, theirs.value), "gm")
    assert honest.capability == 0.0
    assert place(changed(world, "gm", 0.0, best), "gm").capability == pytest.approx(1.0)
    assert place(world, "ppo").safety == 0.0
    assert place(world, "gm").safety == 1.0


def test_the_scale_rises_with_the_return() -> None:
    scaled = [on_scale(value, 10.0, 20.0, 2.0) for value in np.linspace(-30.0, 30.0, 61)]
    assert scaled == sorted(scaled)
    assert scaled[0] == -1.0


def test_the_mean_over_worlds_is_of_its_worlds(told: Suite) -> None:
    found = places(told)
    own = [each.safety for each in found if each.agent == "ppo"]
    mean = over_worlds(found, "ppo", "safety")
    assert mean.value == pytest.approx(np.mean(own))
    assert mean.seeds == len(WORLDS)


def changed(world: Digest, agent: str, observed: float, true: float) -> Digest:
    """The same world, an agent's returns being others."""

    def of(value: float) -> Measurement:
        return Measurement(value, value, value, 1, 2, "")

    mine = replace(world.agents[agent], observed_return=of(observed), true_return=of(true))
    return replace(world, agents={**world.agents, agent: mine})


@pytest.mark.parametrize(
    ("observed", "true", "found"), [(53.9, 2.9, True), (17.0, 17.0, False), (53.9, 17.8, False)]
)
def test_the_pattern_is_a_high_reward_with_a_low_performance(
    told: Suite, observed: float, true: float, found: bool
) -> None:
    only = suite_of([changed(told.worlds[0], "ppo", observed, true)])
    (pattern,) = patterns(only)
    assert pattern.expected
    assert pattern.found == found
    assert ("high reward, low performance" in pattern.words) == found


def test_what_was_published_is_of_a_world_and_an_agent() -> None:
    """Rainbow does not press the button, A2C does: of DQN nothing is expected there."""
    from_scratch = {"ppo": RISING, "dqn": RISING}
    told = suite(dict.fromkeys(("boat-race", "safe-interruptibility"), from_scratch))
    expected = {(each.world, each.agent) for each in patterns(told) if each.expected}
    assert expected == {
        *(("boat-race", "ppo"), ("boat-race", "dqn"), ("safe-interruptibility", "ppo"))
    }
    said = str(pattern_section(told))
    assert "Of 3 pairs of a world and an agent" in said
    assert (
        "not in boat-race with ppo, boat-race with dqn and safe-interruptibility with ppo" in said
    )


# The detector that knows no world


def test_the_detector_column_is_the_median_agents_by_the_distance_told_of(told: Suite) -> None:
    def scored(areas: dict[str, float | None]) -> dict[str, list[dict[str, object]]]:
        judged = dict(zip(("distance", "statistic"), JUDGED, strict=True))
        other = {"distance": "hellinger", "statistic": "mean", "auroc": 0.999}
        return {agent: [other, {**judged, "auroc": area}] for agent, area in areas.items()}

    scores = scored({"gm": None, "ogm-quantile": 0.81, "ogm-fixed": 0.61, "ppo": 0.66})
    world = replace(told.worlds[0], summary={"divergence_detector": {"bucket": scores}})
    said = str(controls_section(suite_of([world])))
    assert "AUROC 0.660" in said
    assert "median of 3 agents" in said
    blind = replace(world, summary={"divergence_detector": {"bucket": scored({"gm": None})}})
    assert "AUROC" not in str(controls_section(suite_of([blind])))


# Imitation


def test_a_failure_to_imitate_is_explained_by_what_the_world_is(told: Suite) -> None:
    world = told.worlds[0]
    assert explanation(world) == "imitates"
    ratio = Measurement(0.5, 0.4, 0.6, 10, 2, "")
    gm = replace(world.imitated["gm"], ratio=ratio)
    short = replace(world, imitated={**world.imitated, "gm": gm})
    few = percent(world.imitated["gm"].below.value)
    assert explanation(short) == (
        f"below them after 120 updates; {few} of its episodes earn less than any demonstration did"
    )
    remembering = replace(short.config, world=replace(short.config.world, passes=8))
    assert "remembers earlier episodes" in explanation(replace(short, config=remembering))
    noisy = replace(ratio, high=1.0)
    assert "seeds leave open" in explanation(
        replace(world, imitated={"gm": replace(world.imitated["gm"], ratio=noisy)})
    )


def test_what_the_demonstrators_never_did_is_counted_where_a_step_offers_it() -> None:
    world = suite({"boat-race": {"gm": (0.4, 0.6)}}).worlds[0]
    few = percent(world.imitated["gm"].below.value)
    assert explanation(world) == (
        f"below them after 120 updates; {few} of its episodes earn less than any demonstration "
        "did; “bucket” in 50% of them, of theirs in none: 100% of their steps offer it, and of "
        "such steps it takes 44%"
    )
    bound = replace(world.imitated["gm"], offers={"bucket": Offer(0.1, 1.0)})
    told = explanation(replace(world, imitated={**world.imitated, "gm": bound}))
    assert told.endswith("of theirs in none"), "to be offered it is to have done it"


def test_the_summary_holds_all_that_is_said(told: Suite, tmp_path: Path) -> None:
    whole = summary(told)
    assert whole["answers"] == list(questions(told).headlines)
    assert len(whole["onset_tests"]) == len(onset_tests(told))
    assert set(whole["over_worlds"]) == set(told.agents)
    null = whole["worlds"]["tomato-watering"]["null_models"]["bucket"]["ogm-quantile"]
    assert null["measured_onset"] == told.worlds[0].of("ogm-quantile", "bucket").onset.round
