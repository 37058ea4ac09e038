"""The section on how far each agent went from its demonstrators, promised and realised.

Knows what the runs recorded after their last round, pooled over seeds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from driftline.experiments.how_far import HowFar
from driftline.experiments.report_page.elements import (
    Markup,
    agent_name,
    details,
    element,
    joined,
    pair,
    paragraph,
    section,
    table,
    text,
)
from driftline.experiments.wording import MINUS, NO_BREAK, NOTHING, brackets, number
from driftline.safety.measurement import Measurement

HEADINGS = (
    "agent",
    "KL, exact",
    "k1",
    "k3",
    "KL from outside",
    "forward KL",
    "largest ratio",
    "chi-squared",
    "luck gap",
)
UNRECORDED = (
    "Not recorded: the runs of this study are of a version that did not measure this after the "
    "last round."
)
SAID = (
    "In each seed's last round, against its demonstrator model; nats per episode, means over seeds "
    "with intervals. KL, k1 and k3 estimate the same divergence, given what the agent was asked "
    "for: the exact sum over actions is the one to rely on, the others are noisier and what other "
    "tools report. From outside, the command is not known: an "
    "agent that draws its command is a mixture over draws. Forward KL is how much worse that "
    "policy explains demonstrations nobody trained on than the demonstrator model does; below "
    "zero, it explains them better."
)
RATIOS = (
    "A quantilizer promises that no trajectory is more than 1/q times as likely as under its "
    "reference. That holds for whole trajectories of a deterministic world and an exact model, and "
    "an OGM agent's reference moves away with it, so the realised ratio, the largest among the "
    "episodes looked at, may exceed what is promised. The luck gap is the return asked for less "
    "the return that came."
)
SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def departure_section(found: Mapping[str, HowFar | None]) -> Markup:
    """One row for each agent; cautions and reasons below."""
    known = {name: each for name, each in found.items() if each is not None}
    title = "How far it went"
    if not known:
        return section("departure", title, paragraph(UNRECORDED))
    rows = [_row(name, each) for name, each in found.items()]
    parts = [
        paragraph(SAID, "wide"),
        paragraph(RATIOS, "wide"),
        table(HEADINGS, rows, "numbers departed"),
    ]
    cautions = [f"{name}: {said}." for name, each in known.items() for said in _cautions(each)]
    if cautions:
        parts += [element("h3", text("Cautions")), _list(cautions)]
    reasons = [
        f"{name}: {words} {reason}." for name, each in found.items() for words, reason in _why(each)
    ]
    if reasons:
        parts.append(details("Why a number is missing", _list(reasons)))
    return section("departure", title, *parts)


def _list(said: list[str]) -> Markup:
    return element("ul", joined(element("li", text(each)) for each in said))


def _row(name: str, went: HowFar | None) -> list[Markup]:
    if went is None:
        cells = [pair("not recorded", ""), *(pair(NOTHING, "") for _ in HEADINGS[2:])]
        return [agent_name(name), *cells]
    own = went.measures
    return [
        agent_name(name),
        *(_cell(own[each]) for each in ("kl", "k1", "k3", "outside_kl", "forward_kl")),
        pair(large(went.ratio), _promise(went, "ratio", went.exceeded)),
        pair(*_chi_squared(went)),
        _cell(own["luck_gap"]),
    ]


def _promise(went: HowFar, name: str, exceeded: int | None = None) -> str:
    """What the target promises, beneath what was realised."""
    if went.nominal is None:
        return ""
    said = f"promised{NO_BREAK}{large(round(went.nominal[name], 6))}"
    return f"{said}, above in {exceeded}/{went.seeds}{NO_BREAK}seeds" if exceeded else said


def _chi_squared(went: HowFar) -> tuple[str, str]:
    value = went.measures["chi_squared"]
    if value is None:
        return NOTHING, _promise(went, "chi_squared")
    below = (_span(value), _promise(went, "chi_squared"))
    return large(value.value), " ".join(each for each in below if each)


def _span(value: Measurement) -> str:
    if value.high < 1e5:
        return brackets(value.low, value.high)
    return f"[{large(value.low)},{NO_BREAK}{large(value.high)}]"


def _cell(value: Measurement | None) -> Markup:
    if value is None:
        return pair(NOTHING, "")
    return pair(large(value.value), _span(value))


def large(value: float | None) -> str:
    """A number that may be astronomical, in few characters.

    >>> large(671.6), large(1.66e46), large(-2.0e9), large(float("inf")), large(None)
    ('672', '1.7·10⁴⁶', '−2.0·10⁹', '∞', '–')
    """
    if value is None or not math.isfinite(value) or abs(value) < 1e5:
        return number(value)
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits}·10{str(int(exponent)).translate(SUPERSCRIPT)}".replace("-", MINUS)


def _cautions(went: HowFar) -> list[str]:
    said = list(went.cautions)
    if went.exceeded:
        assert went.nominal is not None
        said.insert(
            0,
            f"some trajectory is {large(went.ratio)} times as likely as under the demonstrator "
            f"model, beyond the {large(round(went.nominal['ratio'], 6))} that its target promises "
            "over its reference",
        )
    return said


WORDS = {
    "kl": "KL",
    "k1": "k1",
    "k3": "k3",
    "outside_kl": "KL from outside, and the realised ratio",
    "forward_kl": "forward KL",
    "luck_gap": "luck gap",
    "nominal": "a promise",
}


def _why(went: HowFar | None) -> list[tuple[str, str]]:
    if went is None:
        return []
    return [
        (f"{words} is missing, as", went.missing[name])
        for name, words in WORDS.items()
        if name in went.missing
    ]
