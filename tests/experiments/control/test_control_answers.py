"""What was planted in curves is found in numbers and sentences, whichever way it went."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from driftline.experiments.arenas.answers import TITLES, answers
from driftline.experiments.arenas.efficiency import efficiency
from driftline.experiments.arenas.efficiency_said import (
    efficiency_headline,
    efficiency_of,
    efficiency_remarks,
)
from driftline.experiments.arenas.found import ControlFound
from driftline.experiments.arenas.overtaking import (
    Standing,
    against_leader,
    over_arenas,
    pair,
    pairs,
)
from driftline.experiments.arenas.overtaking_said import (
    ALONE,
    NOBODY,
    overtaking_headline,
    overtaking_of,
    overtaking_remarks,
)
from driftline.experiments.arenas.summary import summary
from driftline.experiments.arenas.taxes import taxed, taxes
from driftline.experiments.arenas.taxes_said import NO_PRICE, tax_headline, tax_of, tax_remarks
from driftline.experiments.names import CONTROL
from driftline.experiments.wording import NO_BREAK
from tests.experiments.control.planted import arena_of, found_of, straight


def plain(sentences: object) -> str:
    """As a reader sees them, whole numbers without the zeros that rounding gives some of them."""
    whole = sentences if isinstance(sentences, str) else " ".join(sentences)
    return re.sub(r"(\d)\.0+\b", r"\1", whole.replace(NO_BREAK, " "))


# Overtaking


@pytest.mark.parametrize(
    ("first", "last", "standing"),
    [
        (-4.0, 6.0, Standing.OVERTAKES),
        (2.0, 6.0, Standing.AHEAD),
        (2.0, -6.0, Standing.OVERTAKEN),
        (2.0, 0.0, Standing.OVERTAKEN),
        (-4.0, -6.0, Standing.BEHIND),
        (0.0, 0.0, Standing.BEHIND),
        (0.0, 6.0, Standing.GAINS),
    ],
)
def test_standings_are_as_planted(first: float, last: float, standing: Standing) -> None:
    lines = {"ogm-quantile": straight(20 + first, 30 + last), "sac": straight(20.0, 30.0)}
    found = pair(arena_of("hopper", lines), "ogm-quantile", "sac")
    assert found.standing is standing
    assert found.first.difference.value == pytest.approx(first, abs=1e-9)
    assert found.last.difference.value == pytest.approx(last, abs=1e-9)
    overtakes = standing is Standing.OVERTAKES
    # A level pair rounds to either side of nought seed by seed, which is no lead of any.
    assert found.overtaking == (3 if overtakes and first else found.overtaking)
    if overtakes and first:
        assert found.since == pytest.approx(200_000 * -first / (last - first))
    if last < 0:
        assert found.since == np.inf


def test_seeds_overtake_one_by_one() -> None:
    mine = [[(0, 10.0), (200_000, end)] for end in (40.0, 45.0, 12.0)]
    theirs = [[(0, start), (200_000, 30.0)] for start in (20.0, 5.0, 20.0)]
    found = pair(arena_of("hopper", {"ogm-guided": mine, "iql": theirs}), "ogm-guided", "iql")
    assert found.overtaking == 1
    assert found.last.ahead == 2
    assert found.standing is Standing.OVERTAKES
    assert found.last.difference.value == pytest.approx((10 + 15 - 18) / 3)
    assert found.last.sign == 0
    assert json.dumps(found.to_json(), allow_nan=False)


def test_over_arenas_every_seed_is_paired_with_itself() -> None:
    """What a seed has more of in one arena it has less of in the other: no spread is left."""
    up = [[(0, 0.0), (200_000, 30.0 + each)] for each in (-9.0, 0.0, 9.0)]
    down = [[(0, 0.0), (200_000, 40.0 - each)] for each in (-9.0, 0.0, 9.0)]
    flat = straight(0.0, 25.0, apart=0.0)
    found = found_of(
        arena_of("hopper", {"ogm-quantile": up, "td3": flat}),
        arena_of("halfcheetah", {"ogm-quantile": down, "td3": flat}),
    )
    over = over_arenas(found, "ogm-quantile", "td3")
    assert over is not None
    assert over.difference.value == pytest.approx(10.0)
    assert (over.difference.low, over.difference.high) == pytest.approx((10.0, 10.0))
    assert over_arenas(found, "ogm-quantile", "ppo") is None


def test_who_is_ahead_is_held_against_the_next_and_all_others_against_it() -> None:
    lines = {
        "gm": straight(10.0, 10.0),
        "ogm-quantile": straight(10.0, 30.0),
        "sac": straight(0.0, 50.0),
        CONTROL: straight(10.0, 90.0, seeds=2),
    }
    arena = arena_of("hopper-lean", lines)
    assert arena.best(arena.agents) == "sac"
    found = {name: against_leader(arena, name) for name in lines}
    assert found["sac"].difference.value == pytest.approx(20.0)
    assert found["ogm-quantile"].difference.value == pytest.approx(-20.0)
    assert found["gm"].difference.value == pytest.approx(-40.0)
    assert found[CONTROL].seeds == 2
    alone = arena_of("hopper", {"gm": straight(10.0, 10.0)})
    assert against_leader(alone, "gm") is None


# Sample efficiency


def test_steps_to_a_level_are_as_planted() -> None:
    def rising(start: float, reaches: int) -> list[tuple[int, float]]:
        """At 30, the best tenth, after so many steps, and level from there on."""
        return [(0, start), (reaches, 30.0), (200_000, 30.0)]

    lines = {
        "ogm-quantile": [rising(10.0, 40_000), rising(20.0, 80_000), [(0, 0.0), (190_000, 25.0)]],
        "iql": straight(20.0, 24.0),
        "td3": straight(0.0, 22.0),
    }
    found = efficiency(arena_of("hopper", lines, (20.0, 30.0)), "ogm-quantile")
    assert found.best_tenth.times == pytest.approx((40_000.0, 80_000.0, np.inf))
    assert found.best_tenth.watched == (200_000.0, 200_000.0, 190_000.0)
    assert found.best_tenth.median == pytest.approx(80_000.0)
    assert (found.other, found.best_other.level) == ("iql", pytest.approx(24.0))
    assert found.best_other.times == pytest.approx(
        (40_000 * 14 / 20, 80_000 * 4 / 10, 190_000 * 24 / 25)
    )


def test_without_another_there_is_no_level_of_the_others() -> None:
    lone = efficiency(arena_of("hopper", {"ogm-quantile": straight(0.0, 40.0)}), "ogm-quantile")
    assert lone.other is lone.best_other is None
    assert lone.to_json()["best_other"] is None


# Alignment tax


def leaning() -> ControlFound:
    """A frugal online agent, a greedy agent from scratch and one that is paid openly."""
    lines = {
        "gm": straight(20.0, 20.0),
        "ogm-quantile": straight(20.0, 30.0),
        "sac": straight(0.0, 2.0),
        CONTROL: straight(20.0, 35.0, seeds=2),
    }
    shown = {"gm": 0.1, "ogm-quantile": 0.2, "sac": 1.0, CONTROL: 0.05}
    return found_of(arena_of("hopper-lean", lines, shown=shown))


def test_the_tax_is_the_true_score_against_the_agent_that_is_paid_openly() -> None:
    (arena,) = taxed(leaning())
    found = taxes(arena)
    # Seeds are one apart, and the first two of three are half a point below the mean of three.
    assert found["ogm-quantile"].lost.difference.value == pytest.approx(35.0 - 29.5)
    assert found["sac"].lost.difference.value == pytest.approx(35.0 - 1.5)
    assert found["sac"].shown.value == 1.0
    assert found["gm"].kept_away == pytest.approx(0.9)


def test_arenas_without_proxy_or_without_its_control_have_no_tax() -> None:
    lines = {"ogm-quantile": straight(0.0, 10.0), "gm": straight(0.0, 5.0)}
    for name in ("hopper", "hopper-lean"):
        found = found_of(arena_of(name, lines))
        assert taxed(found) == []
        assert tax_headline(found) == NO_PRICE
        assert list(tax_remarks(found)) == list(tax_of(found, "gm")) == []


# Sentences


def usual() -> ControlFound:
    """The online agent overtakes one, stays ahead of one, is overtaken by one, behind one."""
    one = {
        "gm": straight(30.0, 20.0),
        "ogm-quantile": straight(25.0, 40.0),
        "finetune": straight(24.0, 24.0),
        "ppo": straight(0.0, 50.0),
        "iql": straight(45.0, 60.0),
    }
    other = {**one, "ogm-quantile": straight(25.0, 70.0)}
    return found_of(arena_of("hopper", one), arena_of("halfcheetah", other))


def test_the_headline_counts_arenas_and_pairs() -> None:
    found = usual()
    assert len(pairs(found)) == 8
    assert overtaking_headline(found) == (
        "At the end an online agent has the highest mean score in 1 of 2 arenas. Of 8 pairs of an "
        "online agent and another in an arena, the online one overtakes in 3, stays ahead in 3, "
        "is overtaken in 1 and stays behind in 1."
    )
    said = plain(overtaking_remarks(found))
    assert (
        "Means at the end: iql (60) before ogm-quantile (40) in hopper; ogm-quantile (70) before "
        "iql (60) in halfcheetah." in said
    )
    assert (
        "Of 24 pairs of seeds the online agent overtakes in 9 and is ahead at the end in 18. Of "
        "the mean differences at the end 6 have an interval above 0 and 2 below. At 3 seeds an "
        "interval leaves out 0 whenever all seeds agree, as by chance 25% of pairs do." in said
    )


def test_an_agent_ahead_of_its_own_frozen_model_has_not_overtaken_another() -> None:
    lines = {"ogm-quantile": straight(25.0, 40.0), "gm-quantile": straight(25.0, 25.0)}
    found = found_of(arena_of("hopper", lines))
    assert overtaking_headline(found) == (
        "At the end an online agent has the highest mean score in 1 of 1 arena. Of 1 pair of an "
        "online agent and another in an arena, the online one overtakes in 0, stays ahead in 0, "
        "is overtaken in 0 and stays behind in 0; in 1 both begin with the same score, to the "
        "digit, as one model does, and the online one ends ahead."
    )
    assert "overtakes in 0 and is ahead at the end in 3." in plain(overtaking_remarks(found))
    assert (
        "goes ahead of, with the same at first, gm-quantile (+15 [15, 15], in 3 of 3 seeds)."
        in plain(overtaking_of(found, "ogm-quantile"))
    )


def test_an_agent_s_sentences_have_every_standing_with_its_numbers() -> None:
    said = plain(overtaking_of(usual(), "ogm-quantile"))
    assert "mean over 2 arenas: +35 [35, 35] on gm, +31 [31, 31] on finetune" in said
    assert (
        "hopper: 25 at first, 40 at the end; overtakes gm (+20 [20, 20], after 40,000 steps, in "
        "3 of 3 seeds); stays ahead of finetune (+16 [16, 16]); is overtaken by ppo (−10 "
        "[−10, −10]); stays behind iql (−20 [−20, −20])." in said
    )


def test_one_seed_has_no_interval_and_six_need_no_caution() -> None:
    for seeds, said in ((1, "With one seed no difference has an interval."), (6, "1 have an")):
        lines = {"ogm-quantile": straight(0.0, 9.0, seeds), "gm": straight(4.0, 4.0, seeds)}
        remarks = plain(overtaking_remarks(found_of(arena_of("hopper", lines))))
        assert said in remarks
        assert "by chance" not in remarks


def test_an_arena_with_one_kind_of_agent_has_nobody_to_overtake() -> None:
    online = found_of(arena_of("hopper", {"ogm-quantile": straight(2.0, 9.0)}))
    assert overtaking_headline(online) == ALONE
    assert list(overtaking_remarks(online)) == []
    assert plain(overtaking_of(online, "ogm-quantile")) == "hopper: 2 at first, 9 at the end."
    others = found_of(arena_of("hopper", {"gm": straight(0.0, 9.0)}))
    assert overtaking_headline(others) == efficiency_headline(others) == NOBODY
    assert list(overtaking_remarks(others)) == list(efficiency_remarks(others)) == []


def test_steps_are_told_with_seeds_and_by_when_not() -> None:
    lines = {
        "ogm-quantile": straight(20.0, 40.0),
        "ogm-guided": straight(0.0, 10.0),
        "gm": straight(20.0, 20.0),
        "iql": straight(25.0, 35.0),
    }
    found = found_of(arena_of("hopper", lines, (20.0, 30.0)))
    assert efficiency_headline(found) == (
        "Of 1 arena the median seed reaches the demonstrations' best tenth in 1 (ogm-quantile) and "
        "0 (ogm-guided), and the best final score of the others in 1 (ogm-quantile) and 0 "
        "(ogm-guided)."
    )
    assert plain(efficiency_remarks(found)) == (
        "The demonstrations' best tenth: ogm-quantile in hopper after 100,000 steps (3 of 3 "
        "seeds); ogm-guided in no arena (0 of 3 seeds). Of the others iql does most often: in "
        "hopper after 100,000 steps (3 of 3 seeds). The best final score of the others: "
        "ogm-quantile in hopper after 150,000 steps (3 of 3 seeds); ogm-guided in no arena (0 of 3 "
        "seeds)."
    )
    assert plain(efficiency_of(found, "ogm-guided")) == (
        "hopper: the demonstrations' best tenth (30) not by 200,000 steps (0 of 3 seeds); the best "
        "final score of the others (iql's 35) not by 200,000 steps (0 of 3 seeds)."
    )


def test_it_is_said_where_none_of_the_others_gets_anywhere_and_where_there_are_none() -> None:
    lines = {"ogm-quantile": straight(20.0, 40.0), "gm": straight(20.0, 20.0)}
    said = plain(efficiency_remarks(found_of(arena_of("hopper", lines, (20.0, 30.0)))))
    assert "None of the others reaches it in any seed." in said
    lone = found_of(arena_of("hopper", {"ogm-quantile": straight(20.0, 40.0)}))
    assert efficiency_headline(lone) == (
        "Of 1 arena the median seed reaches the demonstrations' best tenth in 1 (ogm-quantile)."
    )
    assert "others" not in plain(efficiency_remarks(lone))
    assert "others" not in plain(efficiency_of(lone, "ogm-quantile"))


def test_the_price_of_safety_is_told_with_what_it_buys() -> None:
    found = leaning()
    assert plain(tax_headline(found)) == (
        "In hopper-lean, in points of the true score against ogm-quantile-honest (“leans” in 5% of "
        "its final episodes): ogm-quantile loses 5.50 [5.50, 5.50] (20%)."
    )
    assert plain(tax_remarks(found)) == (
        "In hopper-lean ogm-quantile-honest ends at 35, with “leans” in 5% of its final episodes; "
        "of the others, those that show it least and most often, gm loses 15.5 [15.5, 15.5] (10%) "
        "and sac loses 33.5 [33.5, 33.5] (100%)."
    )
    assert plain(tax_of(found, "gm")) == (
        "hopper-lean: ends at 20, loses 15.5 [15.5, 15.5] beside ogm-quantile-honest in 2 paired "
        "seeds; “leans” in 10% [0%, 20%] of its final episodes."
    )


def test_the_price_is_told_of_whoever_there_is() -> None:
    openly = {CONTROL: straight(20.0, 35.0, seeds=1)}
    only = found_of(arena_of("hopper-lean", {"gm": straight(9.0, 40.0, seeds=1), **openly}))
    assert tax_headline(only) == NOBODY
    assert "of the others, gm gains 5 (50%)." in plain(tax_remarks(only))
    assert "1 paired seed;" in plain(tax_of(only, "gm"))
    lone = {"ogm-quantile": straight(9.0, 40.0, seeds=1), **openly}
    said = plain(tax_remarks(found_of(arena_of("hopper-lean", lone))))
    assert "others" not in said


def test_every_question_is_answered_and_the_summary_is_plain() -> None:
    for found in (usual(), leaning()):
        said = answers(found)
        assert len(said.headlines) == len(said.remarks) == len(said.by_agent) == len(TITLES)
        text = plain([*said.headlines, *(each for group in said.remarks for each in group)])
        assert "nan" not in text
        told = json.loads(json.dumps(summary(found), allow_nan=False))
        assert told["answers"] == list(said.headlines)
        assert set(told["arenas"]) == {arena.name for arena in found.arenas}


def test_longer_runs_are_told_of_where_usual_ones_end() -> None:
    half, full = 200_000, 500_000
    line = [[(0, 10.0), (half, 30.0), (full, 36.0)]] * 2
    longer = arena_of("hopper", {"gm": line}, budget="full")
    assert found_of(longer).longer
    assert longer.after("gm", half).value == pytest.approx(30.0)
    assert summary(found_of(longer))["arenas"]["hopper"]["scores"]["gm"]["milestone"] == {
        "steps": half,
        **{end: pytest.approx(30.0) for end in ("mean", "low", "high")},
    }
    shorter = arena_of("hopper", {"gm": straight(0.0, 9.0)})
    assert not found_of(shorter).longer
    assert shorter.after("gm", 200_001) is None
