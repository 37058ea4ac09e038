"""Acting on a return that is asked for: drawn once and kept, or drawn anew at each step.

Knows no weight's origin. P(R|h) is kept by the returns that can still occur, so
that many returns of many histories fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from driftline.errors import SettingsError
from driftline.exact.atoms import TOLERANCE
from driftline.exact.histories import Fan, HistoryTree
from driftline.exact.logarithms import log
from driftline.shapes import Floats, Integers

WORK_LIMIT = 1_000_000_000


@dataclass(frozen=True, eq=False)
class ReturnRows:
    """P(R|h) and P(R|h,a) at the decisions of one level, one row per (history, return).

    ``decisions [M]`` and ``atoms [M]`` say which, in this order; ``probabilities
    [M]`` are P(R|h), all above 0; ``posteriors [M, A]`` are
    P(a|h,R) = π0(a|h) P(R|h,a) / P(R|h); ``starts [D + 1]`` where a history's begin.
    """

    decisions: Integers
    atoms: Integers
    probabilities: Floats
    posteriors: Floats
    starts: Integers


def return_rows(tree: HistoryTree, policy: Floats) -> tuple[ReturnRows, ...]:
    """The rows of every level under the demonstrator ``policy [nodes, A]``, start first."""
    rows: list[ReturnRows] = []
    ended = np.full(tree.nodes, -1)
    ended[tree.leaves] = tree.leaf_atoms
    for fan in reversed(tree.fans):
        nodes = np.arange(fan.children.start, fan.children.stop)
        over = ended[nodes] >= 0
        children, atoms = nodes[over], ended[nodes[over]]
        probabilities = np.ones(len(children))
        if rows:
            below = rows[-1]
            deeper = tree.fans[len(tree.fans) - len(rows)].decisions
            children = np.concatenate([children, deeper[below.decisions]])
            atoms = np.concatenate([atoms, below.atoms])
            probabilities = np.concatenate([probabilities, below.probabilities])
        rows.append(_level(tree, fan, policy, children, atoms, probabilities))
    return tuple(reversed(rows))


def _level(
    tree: HistoryTree,
    fan: Fan,
    policy: Floats,
    children: Integers,
    atoms: Integers,
    probabilities: Floats,
) -> ReturnRows:
    """P(R|h,a) = Σ over branches of chance · P(R|child), then Bayes."""
    width = policy.shape[1]
    owners = fan.owners[children - fan.children.start]
    keys, index = np.unique(owners * len(tree.atoms) + atoms, return_inverse=True)
    places = index * width + tree.actions[children]
    weights = tree.chances[children] * probabilities
    after = np.bincount(places, weights, len(keys) * width).reshape(len(keys), width)
    decisions, kept = keys // len(tree.atoms), keys % len(tree.atoms)
    joint = np.exp(policy[fan.decisions])[decisions] * after
    total = joint.sum(-1)
    seen = total > 0
    starts = np.searchsorted(decisions[seen], np.arange(len(fan.decisions) + 1))
    return ReturnRows(
        decisions[seen], kept[seen], total[seen], joint[seen] / total[seen, None], starts
    )


def resampled_each_step(tree: HistoryTree, policy: Floats, log_weights: Floats) -> Floats:
    """Draw R ~ P(R|h) w(R) / Z(h) at every step, then a ~ P(a|h,R): a policy ``[nodes, A]``.

    ``log_weights [N]`` are of ``tree.atoms``. Where Z(h) = 0: π0.
    """
    chosen = policy.copy()
    for fan, rows in zip(tree.fans, return_rows(tree, policy), strict=True):
        shares = _shares(rows, log_weights)
        mixed = np.add.reduceat(shares[:, None] * rows.posteriors, rows.starts[:-1])
        chosen[fan.decisions] = log(mixed)
        void = np.add.reduceat(shares, rows.starts[:-1]) == 0
        chosen[fan.decisions[void]] = policy[fan.decisions[void]]
    return chosen


def _shares(rows: ReturnRows, log_weights: Floats) -> Floats:
    """P(R|h) w(R) / Z(h) for each row; 0 in a history where Z(h) = 0."""
    weights, lengths = log_weights[rows.atoms], np.diff(rows.starts)
    top = np.maximum.reduceat(weights, rows.starts[:-1])
    top = np.where(np.isfinite(top), top, 0.0)
    mass = rows.probabilities * np.exp(weights - np.repeat(top, lengths))
    total = np.repeat(np.add.reduceat(mass, rows.starts[:-1]), lengths)
    return np.asarray(np.divide(mass, total, out=np.zeros_like(mass), where=total > 0))


def drawn_once(
    tree: HistoryTree, policy: Floats, log_weights: Floats, work_limit: int = WORK_LIMIT
) -> Floats:
    """Draw R ~ P(R|o0) w(R) / Z(o0) once, then act on it: log-probabilities ``[leaves]``.

    At every history a ~ P(a|h,R), exact Bayes. When bad luck has made R impossible,
    the nearest return that is still possible stands for it (the higher of two as
    near); R itself is kept and asked for again at the next step. From a first
    observation where no return has weight, R ~ P(R|o0). Raises `SettingsError`
    where returns times histories exceed ``work_limit``.
    """
    if len(tree.atoms) * tree.nodes > work_limit:
        raise SettingsError(
            f"{len(tree.atoms)} returns of {tree.nodes} histories are too many to ask for one "
            f"by one (more than {work_limit}); round the rewards or shorten the horizon"
        )
    levels = return_rows(tree, policy)
    first = levels[0]
    shares = _shares(first, log_weights)
    void = np.add.reduceat(shares, first.starts[:-1]) == 0
    shares = np.where(void[first.decisions], first.probabilities, shares)
    total = np.zeros(len(tree.leaves))
    for atom in np.unique(first.atoms[shares > 0]):
        asked = np.zeros(tree.roots)
        rows = first.atoms == atom
        asked[first.decisions[rows]] = shares[rows]
        total += _asking(tree, levels, int(atom), asked)
    return log(total)


def _asking(tree: HistoryTree, levels: tuple[ReturnRows, ...], atom: int, asked: Floats) -> Floats:
    """Probability of each trajectory when ``atom`` is asked for, times ``asked [roots]``."""
    reach = tree.chances.copy()
    reach[: tree.roots] *= asked
    for fan, rows in zip(tree.fans, levels, strict=True):
        taken = rows.posteriors[_nearest_rows(tree, rows, atom)]
        parents = tree.parents[fan.children]
        reach[fan.children] *= reach[parents] * taken[fan.owners, tree.actions[fan.children]]
    return reach[tree.leaves]


def _nearest_rows(tree: HistoryTree, rows: ReturnRows, atom: int) -> Integers:
    """For every decision the row of the possible return that is nearest to ``atom``."""
    keys = rows.decisions * len(tree.atoms) + rows.atoms
    wanted = np.arange(len(rows.starts) - 1) * len(tree.atoms) + atom
    above = np.searchsorted(keys, wanted).clip(rows.starts[:-1], rows.starts[1:] - 1)
    below = (above - 1).clip(rows.starts[:-1])
    apart = np.abs(tree.atoms[rows.atoms] - tree.atoms[atom])
    return np.where(apart[below] < apart[above] - TOLERANCE, below, above)
