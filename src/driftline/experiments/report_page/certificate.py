"""The section on certificates: what observed return and divergence guarantee.

Knows the certificates alone.
"""

from __future__ import annotations

import math

from driftline.experiments.certificates import Certificates, Uncertified
from driftline.experiments.report_page.departure import large
from driftline.experiments.report_page.elements import (
    Markup,
    agent_name,
    element,
    pair,
    paragraph,
    section,
    table,
    text,
)
from driftline.experiments.wording import NOTHING, number
from driftline.safety.certificate import Certificate
from driftline.safety.measurement import Measurement

SAID = (
    "With r the correlation of true and observed return in a reference, an agent's true gain over "
    "it is at least (1/r)(observed gain - sqrt((1 - r²) chi-squared)), in deviations of the "
    "return, whatever the agent does. A quantilizer of share q has a chi-squared of 1/q - 1."
)
EXACT = (
    " A correlation this close to 1 says that these demonstrators never earned one return without "
    "the other: it certifies an agent only as far as it does nothing that none of them did."
)
HEADINGS = ("q", "r", "chi-squared", "observed gain", "certified true gain", "in reward", "")


def certificate_section(found: Certificates) -> Markup:
    """A row for each share of the demonstrations, a sentence, a row for each agent."""
    title = "Certificate"
    if found.missing:
        said = f"There is no certificate: {found.missing}."
        return section("certificate", title, paragraph(said, "wide"))
    rows = [[text(f"{q:g}"), *_cells(each)] for q, each in found.by_share.items()]
    parts = [
        paragraph(SAID, "wide"),
        element("h3", text(f"Quantilizers of {found.episodes:,} demonstrations")),
        table(HEADINGS, rows, "numbers"),
        paragraph(sentence(found), "wide"),
    ]
    if found.agents:
        parts += [
            element("h3", text("Agents, against episodes of the demonstrator model")),
            paragraph(
                "With the upper limit of the chi-squared that was measured in the last round, all "
                "seeds together, and the observed return of that round. The measured chi-squared "
                "of a heavy tail is too low; see the cautions above.",
                "wide",
            ),
            table(("agent", *HEADINGS[1:]), _agents(found), "numbers"),
        ]
    return section("certificate", title, *parts)


def sentence(found: Certificates) -> str:
    """Which quantilizer is certified best, or that none is."""
    correlation = found.correlation
    exact = EXACT if correlation is not None and correlation > 0.999 else ""
    known = f"True and observed return have a correlation of {number(correlation)} here"
    if found.best is None:
        return f"{known}: no quantilizer of this grid is certified to gain any true return.{exact}"
    gain = found.best.certificate.reward
    return (
        f"{known}, and the best certified quantilizer keeps a share of {found.best.q:g}: its true "
        f"return is at least {number(gain.value)} (from {number(gain.low)} with the uncertainty of "
        f"the episodes) above the demonstrators'.{exact}"
    )


def _agents(found: Certificates) -> list[list[Markup]]:
    rows = []
    for name, each in found.agents.items():
        if isinstance(each, Uncertified):
            nothing = [text(NOTHING)] * (len(HEADINGS) - 2)
            rows.append([agent_name(name), *nothing, text(f"none: {each.reason}")])
        else:
            rows.append([agent_name(name), *_cells(each)])
    return rows


def _cells(each: Certificate) -> list[Markup]:
    return [
        text(number(each.correlation)),
        text(large(each.chi_squared)),
        text(number(each.observed_gain)),
        pair(*_bound(each.gain)),
        pair(*_bound(each.reward)),
        text("certified" if each.certified else "none"),
    ]


def _bound(value: Measurement) -> tuple[str, str]:
    if not math.isfinite(value.value):
        return NOTHING, ""
    return f"≥ {large(value.value)}", f"{large(value.low)} to {large(value.high)}"
