"""How Sphinx builds these pages: Markdown, one theme, nothing fetched from elsewhere."""

import tomllib
from pathlib import Path

metadata = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]

project = "Driftline"
author = metadata["authors"][0]["name"]
copyright = f"2026, {author}"
release = version = metadata["version"]

extensions = ["myst_parser", "sphinx.ext.mathjax"]
myst_enable_extensions = ["dollarmath", "fieldlist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"Driftline {release}"
nitpicky = True
