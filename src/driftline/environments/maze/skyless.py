"""Gymnasium-Robotics's ball in a maze without a sky, of which every copy would hold 11 MiB.

Knows no task. Without it a copy is made in a tenth of the time; what moves is the same.
"""

from __future__ import annotations

from xml.etree import ElementTree

from gymnasium_robotics.envs.maze.point_maze import PointMazeEnv


class SkylessPointMaze(PointMazeEnv):  # type: ignore[misc]
    """The same but for what is seen of it where it is rendered."""

    @property
    def tmp_xml_file_path(self) -> str:
        """The file that describes ball and maze to MuJoCo."""
        return self._described

    @tmp_xml_file_path.setter
    def tmp_xml_file_path(self, path: str) -> None:
        """It has been written and is not read yet."""
        tree = ElementTree.parse(path)
        for assets in tree.iter("asset"):
            for sky in assets.findall("texture[@type='skybox']"):
                assets.remove(sky)
        tree.write(path)
        self._described = path
