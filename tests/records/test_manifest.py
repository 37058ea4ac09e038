"""The hash covers everything that fixes a run, and nothing is needed to check it."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftline.errors import RunError, SettingsError
from driftline.records import manifest as module
from driftline.records.manifest import digest, plain, sealed, verified

GIVEN: dict[str, Any] = {
    "configuration": {"rate": 0.1},
    "seeds": [0, 1],
    "thresholds": {"any": 0.1},
}


def test_a_sealed_manifest_is_verified_after_a_trip_through_text() -> None:
    value = sealed(GIVEN)
    assert verified(json.dumps(value), Path("manifest.json")) == value
    assert value["versions"]["numpy"] == metadata.version("numpy")


@pytest.mark.parametrize("name", ["configuration", "seeds", "thresholds", "versions", "revision"])
def test_any_change_is_noticed(name: str) -> None:
    value = sealed(GIVEN)
    value[name] = "other"
    with pytest.raises(RunError, match="was changed after the run began"):
        verified(json.dumps(value), Path("manifest.json"))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"a": 1}'])
def test_what_is_no_manifest_is_refused(text: str) -> None:
    with pytest.raises(RunError, match=r"manifest\.json"):
        verified(text, Path("manifest.json"))


def test_a_later_format_is_not_guessed_at() -> None:
    value = sealed({**GIVEN, "format": 99})
    with pytest.raises(RunError, match="format 99"):
        verified(json.dumps(value), Path("manifest.json"))


def test_thresholds_cannot_be_left_out() -> None:
    with pytest.raises(SettingsError, match="thresholds is not given"):
        sealed({"configuration": {}, "seeds": [0]})


def test_the_revision_is_that_of_the_package_and_none_outside_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "__init__.py").touch()
    monkeypatch.setattr(module.driftline, "__file__", str(tmp_path / "__init__.py"))
    module.revision.cache_clear()
    try:
        assert module.revision() is None
    finally:
        module.revision.cache_clear()


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(PLAIN)
def test_plain_values_are_their_own_form_but_for_infinities(value: Any) -> None:
    text = json.dumps(plain(value), allow_nan=False)
    assert json.loads(text) == plain(json.loads(text))


@given(st.dictionaries(st.text(), st.integers()))
def test_the_digest_does_not_depend_on_the_order_of_the_keys(value: dict[str, int]) -> None:
    assert digest(value) == digest(dict(reversed(value.items())))


def test_a_value_without_a_plain_form_is_refused_before_anything_is_written() -> None:
    with pytest.raises(TypeError, match="no plain JSON form"):
        plain({"model": object()})
    assert plain(np.float32(0.5)) == 0.5
