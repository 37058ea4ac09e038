"""The page put together: style, contents, sections, replay data and player in one file.

Knows no study: it is handed finished sections.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from string import Template
from typing import Any

from driftline.experiments.figures.svg import variables
from driftline.experiments.report_page.elements import Markup, element, joined, text

PACKAGE = "driftline.experiments.report_page"
NOTHING_TO_PLAY: Mapping[str, Any] = {"palette": {}, "actions": [], "agents": []}
"""What the player reads where nothing is replayed."""


def page(
    title: str,
    header: Markup,
    sections: Sequence[tuple[str, str, Markup]],
    data: Mapping[str, Any],
) -> str:
    """One HTML document that loads nothing.

    ``sections`` are identifier, name in the contents, content; ``data`` is what
    the player reads.
    """
    links = (
        element("li", element("a", text(name), href=f"#{identifier}"))
        for identifier, name, _ in sections
    )
    return Template(_file("page.html")).substitute(
        title=escape(title),
        style=f"{_colours()}\n{_file('style.css')}",
        contents=element("ol", joined(links)),
        body=joined([header, *(content for _, _, content in sections)]),
        data=_script_safe(data),
        script=f"{_file('pictures.js')}\n{_file('player.js')}",
    )


def _file(name: str) -> str:
    return resources.files(PACKAGE).joinpath(name).read_text(encoding="utf-8")


def _colours() -> str:
    """Every colour of the figures as a variable, light first, then dark."""
    shades = variables()
    light = " ".join(f"--{name}: {shade.light};" for name, shade in shades.items())
    dark = " ".join(f"--{name}: {shade.dark};" for name, shade in shades.items())
    return f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{\n  :root {{ {dark} }}\n}}"


def _script_safe(data: Mapping[str, Any]) -> str:
    """JSON that cannot end the script element it stands in.

    >>> _script_safe({"a": "</script>"})
    '{"a":"\\\\u003c/script>"}'
    """
    plain = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return plain.replace("<", "\\u003c")
