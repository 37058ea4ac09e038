"""What an answer says of one agent, in sentences.

Knows no measure and no page.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """What is said of one agent over all worlds, sentence by sentence."""

    agent: str
    sentences: tuple[str, ...]
