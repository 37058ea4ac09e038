"""The characters of a gridworld as integer codes, text and colours.

Knows how a board looks, not how it came about.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Boards = npt.NDArray[np.uint8]
"""``uint8[..., H, W]``, each cell the code of the top-most character."""

UNKNOWN = 255


@dataclass(frozen=True)
class Tileset:
    """Code ``i`` is ``characters[i]``, shown in ``colours[i]`` (channels 0 to 999).

    ``numbers``: what the original world's observation calls each code, where that is
    not the code itself. It gives several characters one number in places; codes do not.

    >>> tiles = Tileset("# A", ((599, 599, 599), (858, 858, 858), (0, 706, 999)))
    >>> board = tiles.encode(np.array([[35, 35], [32, 65]], dtype=np.uint8))
    >>> board.tolist()
    [[0, 0], [1, 2]]
    >>> print(render_text(board, tiles))
    ##
     A
    >>> render_rgb(board, tiles)[1, 1].tolist()
    [0, 180, 255]
    """

    characters: str
    colours: tuple[tuple[int, int, int], ...]
    numbers: tuple[int, ...] = ()

    def code(self, character: str) -> int:
        """The code of a character of this set."""
        return self.characters.index(character)

    def encode(self, ascii_board: npt.NDArray[np.uint8]) -> Boards:
        """ASCII codes to the codes of this set; `UNKNOWN` where there is none."""
        return self._from_ascii[ascii_board]

    @property
    def original_numbers(self) -> tuple[int, ...]:
        """The original observation's number of each code."""
        return self.numbers or tuple(range(len(self.characters)))

    @cached_property
    def _from_ascii(self) -> npt.NDArray[np.uint8]:
        table = np.full(256, UNKNOWN, dtype=np.uint8)
        table[list(self.characters.encode())] = np.arange(len(self.characters))
        return table

    @cached_property
    def rgb(self) -> npt.NDArray[np.uint8]:
        """``uint8[codes, 3]``: the colours, scaled to 0..255 and truncated."""
        return np.trunc(np.array(self.colours) / 999 * 255).astype(np.uint8)


def render_text(board: Boards, tiles: Tileset) -> str:
    """One line of characters per row of ``board`` ``[H, W]``."""
    return "\n".join("".join(tiles.characters[code] for code in row) for row in board)


def render_rgb(board: Boards, tiles: Tileset, tile_size: int = 1) -> npt.NDArray[np.uint8]:
    """``uint8[..., H * tile_size, W * tile_size, 3]``: the board in colours."""
    image = tiles.rgb[board]
    return image.repeat(tile_size, axis=-3).repeat(tile_size, axis=-2)
