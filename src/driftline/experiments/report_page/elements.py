"""Pieces of HTML: text is escaped here and nowhere else.

Knows no study. `Markup` is HTML that is safe to join; a plain string is text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NewType

from driftline.experiments.figures.svg import variable

Markup = NewType("Markup", str)
Content = Markup | str


def text(value: str) -> Markup:
    """Plain text as markup.

    >>> text("a < b & c")
    'a &lt; b &amp; c'
    """
    return Markup(escape(value))


def element(name: str, *content: Markup, **attributes: str) -> Markup:
    """One element; ``class_`` is the attribute class, an underscore within a name a dash.

    >>> element("p", text("x < 1"), class_="small")
    '<p class="small">x &lt; 1</p>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{given}>{''.join(content)}</{name}>")


def joined(parts: Iterable[Markup], between: str = "\n") -> Markup:
    """Pieces one after another."""
    return Markup(between.join(parts))


def paragraph(value: str, class_: str = "") -> Markup:
    """Text in a paragraph."""
    return element("p", text(value), **({"class_": class_} if class_ else {}))


def agent_name(name: str) -> Markup:
    """An agent's name with its colour, as in the figures."""
    dot = element("span", class_="dot", style=f"background: {variable(name)}", aria_hidden="true")
    return element("span", dot, text(name), class_="agent")


def chip(cell: str, said: str) -> Markup:
    """A verdict as a coloured label."""
    kind = cell.replace(" ", "-") or "none"
    return element("span", text(said), class_=f"chip {kind}")


def pair(main: str, small: str) -> Markup:
    """A value over its interval."""
    below = element("small", text(small)) if small else Markup("")
    return Markup(f"{text(main)}{below}")


def table(headings: Sequence[str], rows: Iterable[Sequence[Markup]], class_: str = "") -> Markup:
    """A table that scrolls by itself where the page is narrow; first cells are row headings."""
    head = Markup("")
    if any(headings):
        named = (element("th", text(each), scope="col") for each in headings)
        head = element("thead", element("tr", joined(named, "")))
    body = (
        element(
            "tr", element("th", row[0], scope="row"), *(element("td", each) for each in row[1:])
        )
        for row in rows
    )
    whole = element("table", head, element("tbody", joined(body)), class_=class_)
    return element("div", whole, class_="scroll", tabindex="0")


def figure(svg: str, caption: Content, identifier: str) -> Markup:
    """A figure with its caption."""
    drawn = element("div", Markup(svg), class_="scroll drawing", tabindex="0")
    said = element("figcaption", Markup(caption))
    return element("figure", drawn, said, id=identifier)


def details(summary: str, *content: Markup) -> Markup:
    """What opens on a click."""
    return element("details", element("summary", text(summary)), *content)


def section(identifier: str, title: str, *content: Markup) -> Markup:
    """A section of the page under its heading."""
    return element("section", element("h2", text(title)), *content, id=identifier)
