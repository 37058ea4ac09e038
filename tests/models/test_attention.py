"""The band: who sees whom, counted one by one, over windows and in the ring."""

from __future__ import annotations

import pytest
import torch

from driftline.models.attention import Band, Block, Layout, RelativeBias
from driftline.models.memory import ring_distances

LAYOUTS = [Layout((0,), 1), Layout((0,), 4), Layout((-1, 0, 0), 1), Layout((-1, 0, 0), 3)]


def distance(layout: Layout, query: tuple[int, int], key: tuple[int, int]) -> int:
    """Between tokens given as (group, kind), by the words of the definition."""
    apart = query[0] + layout.offsets[query[1]] - key[0] - layout.offsets[key[1]]
    seen = key[0] >= 0 and key <= query and apart < layout.context
    return apart if seen else layout.context


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_token_sees_itself_and_its_past_within_the_band(layout: Layout) -> None:
    groups, kinds = range(7), range(layout.size)
    tokens = [(group, kind) for group in groups for kind in kinds]
    expected = [[distance(layout, query, key) for key in tokens] for query in tokens]
    found = layout.distances(torch.arange(7), torch.arange(7))
    assert found.tolist() == expected
    assert found.diagonal().eq(0).all()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_ring_shows_what_the_whole_episode_shows(layout: Layout) -> None:
    """At every step the ring holds each token in sight once, at its distance."""
    ring, rows = layout.ring, ring_distances(layout)
    whole = layout.distances(torch.arange(5 * ring), torch.arange(5 * ring))
    for time in range(5 * ring):
        row = rows[time if time < ring else ring + time % ring]
        for kind in range(layout.size):
            in_sight = row[kind][row[kind] < layout.context]
            expected = whole[time * layout.size + kind]
            expected = expected[expected < layout.context]
            assert in_sight.sort().values.tolist() == expected.sort().values.tolist()


@pytest.mark.parametrize("learned", [True, False])
def test_nothing_outside_the_band_weighs_anything(learned: bool) -> None:
    bias = RelativeBias(2, 3, learned, torch.Generator().manual_seed(0))
    found = bias(torch.tensor([[0, 3], [2, 1]]))
    assert torch.isneginf(found[:, 0, 1]).all()
    assert torch.isfinite(found).sum() == found.numel() - len(found)


def one_piece(layout: Layout, length: int) -> Band:
    """The band computed as a whole square."""
    groups = torch.arange(length)
    return Band(layout.distances(groups, groups)[None], length, layout.size, length, before=0)


LONG = [*LAYOUTS, Layout((0,), 40), Layout((-1, 0, 0), 30)]


@pytest.mark.parametrize("layout", LONG)
@pytest.mark.parametrize("length", [1, 24, 48, 49, 72, 73, 100])
@pytest.mark.parametrize("predicting", [False, True])
def test_a_window_in_pieces_is_the_whole_window(
    layout: Layout, length: int, predicting: bool
) -> None:
    """Values and gradients, where every token is asked and where one of each group is."""
    draw = torch.Generator().manual_seed(0)
    bias = RelativeBias(2, layout.context, True, draw)
    block = Block(8, 2, 2, bias, draw)
    queries = slice(layout.size - 1, None, layout.size) if predicting else None
    asked = torch.randn(2, length * layout.size, 8, generator=draw)
    answers = []
    for band in (Band.over(layout, length, asked.device), one_piece(layout, length)):
        tokens = asked.clone().requires_grad_()
        found = block(tokens, band, queries)
        weights = torch.linspace(-1.0, 1.0, found.numel()).view_as(found)
        wanted = [tokens, *block.parameters()]
        answers.append([found, *torch.autograd.grad((found * weights).sum(), wanted)])
    for one, other in zip(*answers, strict=True):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_long_window_costs_as_its_length() -> None:
    layout, sizes = Layout((0,), 8), []
    for length in (500, 1000, 2000):
        sizes.append(Band.over(layout, length, torch.device("cpu")).distances.numel())
    assert sizes[2] < 2.1 * sizes[1] < 4.3 * sizes[0]
    assert sizes[2] < 2000 * 2000 / 50


def test_a_band_first_seen_in_acting_is_learnt_with_after_it() -> None:
    layout = Layout((0,), 7)
    with torch.inference_mode():
        acting = Band.over(layout, 11, torch.device("cpu"))
    assert Band.over(layout, 11, torch.device("cpu")) is acting
    bias = RelativeBias(2, 7, True, torch.Generator().manual_seed(0))
    scores = bias(acting.distances)
    scores[scores.isfinite()].sum().backward()
    assert bias.by_distance is not None
    assert bias.by_distance.grad is not None
    assert (bias.by_distance.grad > 0).all()
