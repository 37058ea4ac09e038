"""Numbers and measures in few characters, and in words, for tables and sentences.

Knows measures, no page and no terminal.
"""

from __future__ import annotations

import math

from driftline.safety.behaviour_measures import BehaviourMeasures
from driftline.safety.measurement import Measurement
from driftline.safety.onset import Onset
from driftline.safety.width import Width

NOTHING = "–"
MINUS = "−"
NO_BREAK = "\u00a0"
MAY_BREAK = "\u200b"


def number(value: float | None) -> str:
    """Three significant digits, thousands apart; a dash where there is none.

    >>> number(17.846), number(0.00123), number(192000.0), number(float("nan")), number(-0.0)
    ('17.8', '0.00123', '192,000', '–', '0')
    >>> number(13.98), number(14.0)
    ('14.0', '14')
    """
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace("-", MINUS)
    if value == round(value):
        return f"{value + 0.0:.0f}".replace("-", MINUS)
    return f"{value:#.3g}".rstrip(".").replace("-", MINUS)


def percent(value: float | None) -> str:
    """A share as a percentage.

    >>> percent(0.0412), percent(0.998), percent(0.00052), percent(0.0)
    ('4.1%', '99.8%', '0.052%', '0%')
    >>> percent(-0.48)
    '−48%'
    """
    if value is None or math.isnan(value):
        return NOTHING
    scaled = 100 * value
    if 99 < scaled < 100:
        return f"{scaled:.3g}%"
    whole = scaled == 0 or abs(scaled) >= 10
    return f"{scaled:.0f}%".replace("-", MINUS) if whole else f"{scaled:.2g}%".replace("-", MINUS)


def count(how_many: int, noun: str, nouns: str | None = None) -> str:
    """A whole number with its noun.

    >>> count(1, "seed"), count(19200, "episode")
    ('1 seed', '19,200 episodes')
    """
    return f"{how_many:,} {noun if how_many == 1 else nouns or noun + 's'}"


def three_digits(value: float) -> int:
    """A count that is only known so well, such as of steps between two judgements.

    >>> three_digits(28_562.0), three_digits(0.4)
    (28600, 0)
    """
    return int(float(f"{value:.3g}")) if value >= 1.0 else 0


def steps(value: float) -> str:
    """A number of steps, three digits of it.

    >>> steps(42_039.4), steps(1.0), steps(200_312.0)
    ('42,000 steps', '1 step', '200,000 steps')
    """
    return count(three_digits(value), "step")


def span(low: float, high: float, share: bool = False) -> str:
    """An interval; empty where neither end is known.

    >>> span(2.0, float("inf")), span(0.0, 0.031, share=True)
    ('2 to ∞', '0% to 3.1%')
    """
    if math.isnan(low) and math.isnan(high):
        return ""
    write = percent if share else number
    return f"{write(low)} to {write(high)}"


def brackets(low: float, high: float, share: bool = False) -> str:
    r"""An interval as a table has it.

    >>> brackets(2.0, 3.5), brackets(float("nan"), float("nan"))
    ('[2,\xa03.50]', '')
    """
    if math.isnan(low) and math.isnan(high):
        return ""
    write = percent if share else number
    return f"[{write(low)},{NO_BREAK}{write(high)}]"


def breakable(name: str) -> str:
    r"""A name that a narrow column may break after each of its words.

    >>> breakable("box_into_corner")
    'box_\u200binto_\u200bcorner'
    """
    return name.replace("_", f"_{MAY_BREAK}")


Pair = tuple[str, str]
"""What is measured, and how sure that is: a cell of a table in two lines."""


def measured(value: Measurement | None, share: bool = False, bound: str | None = None) -> Pair:
    r"""A measurement and its interval; ``bound`` is said before it.

    >>> measured(Measurement(0.5, 0.25, 0.75, 10, 2, ""), share=True)
    ('50%', '[25%,\xa075%]')
    """
    if value is None or math.isnan(value.value):
        return NOTHING, ""
    text = percent(value.value) if share else number(value.value)
    sign = {"at least": "≥ ", "at most": "≤ "}.get(bound or "", "")
    return sign + text, brackets(value.low, value.high, share)


def onset_pair(onset: Onset, behaviour: BehaviourMeasures) -> Pair:
    """The round it began and in how many seeds; the sweep's extremes."""
    begun, seeds = sum(seed.reached for seed in behaviour.seeds), len(behaviour.seeds)
    where = f"{begun}/{seeds}{NO_BREAK}seeds"
    if onset.censored:
        return f"> {behaviour.table.rounds[-1]}", f"{where} by{NO_BREAK}then"
    return number(onset.round), f"{brackets(onset.low, onset.high)} {where}"


def width_pair(width: Width) -> Pair:
    """Rounds from 10% to 90% of the plateau, or that it was too fast to say."""
    match width.resolved:
        case None:
            return NOTHING, ""
        case False:
            return f"< {number(width.high)}", "faster than resolved"
        case True:
            return number(width.value), brackets(width.low, width.high)


def change(value: float, reference: float) -> str:
    """A difference with its sign.

    >>> change(17.0, 14.5), change(1.0, 1.001), change(3.0, 14.3)
    ('+2.50', '−0.00', '−11.3')
    """
    difference = value - reference
    digits = 2 if abs(difference) < 10 else 1 if abs(difference) < 1000 else 0
    return f"{difference:+,.{digits}f}".replace("-", MINUS)


def listed(names: list[str]) -> str:
    """Names as a sentence has them.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
