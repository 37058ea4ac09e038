"""The section on the return head: can what a target reads off it be believed?

Knows finished drawings and what the offline runs recorded.
"""

from __future__ import annotations

from collections.abc import Mapping

from driftline.experiments.heads import MOMENTS, WORDS, Heads
from driftline.experiments.report_page.elements import (
    Markup,
    element,
    figure,
    joined,
    pair,
    paragraph,
    section,
    table,
    text,
)
from driftline.experiments.wording import NOTHING, count, measured, number

UNRECORDED = (
    "Not recorded: the offline runs of this study are of a version that held no return head to "
    "demonstrations it never saw."
)


def return_head_section(found: Heads | None, drawings: Mapping[str, str]) -> Markup:
    """Reliability, where returns fell, and how many demonstrations the targets rest on."""
    title = "Return head"
    drawing = drawings["return-head"]
    if found is None:
        said = text("Nothing was recorded of the return head.")
        return section(
            "return-head", title, paragraph(UNRECORDED), figure(drawing, said, "fig-return-head")
        )
    parts = [figure(drawing, text(_caption(found)), "fig-return-head"), _table(found)]
    parts += [paragraph(_likelihood(found), "wide"), paragraph(_support(found), "wide")]
    if found.warnings:
        warned = joined(element("li", text(f"{each}.")) for each in found.warnings)
        parts += [element("h3", text("Too few demonstrations")), element("ul", warned)]
    return section("return-head", title, *parts)


def _caption(found: Heads) -> str:
    errors = [
        f"{number(error.value)} {WORDS[moment]}"
        for moment in MOMENTS
        if (error := found.error[moment]) is not None
    ]
    said = f" Expected calibration error: {' and '.join(errors)}." if errors else ""
    return (
        "The demonstrator model's predictions of the return-to-go on demonstrations that nothing "
        f"was trained on, {count(len(found.records), 'seed')}. Left and middle: how often returns "
        "reached a threshold, over how often they were predicted to (dots: single seeds); on the "
        "dotted line the head is calibrated. Right: the probability integral transform, level "
        "where calibrated, high at both ends where the head is too sure, high at the right where "
        f"it promises too little.{said}"
    )


def _table(found: Heads) -> Markup:
    rows = [
        [
            text(WORDS[moment]),
            pair(*measured(found.error[moment])),
            pair(*measured(found.chance[moment])),
            pair(*measured(found.bias[moment])),
        ]
        for moment in MOMENTS
    ]
    headings = [
        "prediction",
        "calibration error",
        "of a calibrated head",
        "bias, predicted - achieved return",
    ]
    notes = [
        paragraph(f"Not measured {WORDS[name]}: {found.missing[name]}.", "note")
        for name in MOMENTS
        if name in found.missing
    ]
    return joined([table(headings, rows, "numbers"), *notes])


def _likelihood(found: Heads) -> str:
    main, span = measured(found.action_nll)
    if main == NOTHING:
        return f"Log loss of held-out actions: {found.missing.get('action_nll', 'not measured')}."
    return f"Log loss of held-out actions: {main} nats per action {span}."


def _support(found: Heads) -> str:
    """The largest tilt that observed returns carry."""
    first = found.records[0]["support"]
    least, shown = first["least"], first["demonstrations"]
    if found.largest_beta is None:
        return f"Tilts of the demonstrations' returns by exp(beta R): {first['limit']}."
    main, span = measured(found.largest_beta)
    return (
        f"Tilting the returns of {shown:,} demonstrations by exp(beta R) leaves an effective "
        f"sample of {least:g} up to a beta of {main} {span} nats per unit of return."
    )
