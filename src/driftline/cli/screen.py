"""Tables and bars for a person at a terminal, and plain lines for everything else.

Knows no command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text


def print_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print the rows: drawn with Rich in a terminal, else with tabs between the columns."""
    console = Console()
    if not console.is_terminal:
        _print_plain(title, headings, rows)
        return
    table = Table(title=title or None, title_justify="left")
    for number, heading in enumerate(headings):
        numeric = bool(rows) and isinstance(rows[0][number], int | float)
        table.add_column(heading, justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(Text(_shown(each)) for each in row))
    console.print(table)


@contextmanager
def recording(what: str) -> Iterator[Callable[[float], None]]:
    """A bar in a terminal, until the block ends, and nothing elsewhere; called with the share."""
    console = Console()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"recording {what}", total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _print_plain(title: str, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    if title:
        print(title)
    for row in [headings, *rows]:
        print("\t".join(_shown(each) for each in row))


def _shown(value: Any) -> str:
    """Numbers short, text as it is.

    >>> _shown(0.123456), _shown(12)
    ('0.123', '12')
    """
    return f"{value:.3g}" if isinstance(value, float) else str(value)
