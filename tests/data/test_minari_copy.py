"""Datasets are carried in and out whole, checked first, and never over another."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from driftline.data.demonstrations import Demonstrations
from driftline.data.minari import load_minari, load_minari_episodes
from driftline.data.minari_copy import export_minari, import_minari
from driftline.data.minari_root import data_path, dataset_ids
from driftline.data.minari_writing import save_minari
from driftline.errors import DataError
from driftline.spaces.specs import CodesSpec, DiscreteActionSpec
from tests.data.examples import random_episodes
from tests.data.test_store import same

SAFE = pytest.mark.skipif(
    not hasattr(tarfile, "data_filter"), reason="Python before 3.11.4 cannot unpack tar safely"
)

PLAYED = random_episodes(np.random.default_rng(0), [3, 1, 4])
ID = "garden/careful-v0"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    demonstrations = Demonstrations(
        PLAYED.trajectories, CodesSpec((7, 9), 6), DiscreteActionSpec(4)
    )
    save_minari(demonstrations, ID, tmp_path / "root", PLAYED)
    return tmp_path / "root"


def assert_whole(root: Path, dataset_id: str) -> None:
    loaded = load_minari_episodes(dataset_id, root)
    same(loaded.trajectories.observations, PLAYED.trajectories.observations)
    same(loaded.hidden_rewards, PLAYED.hidden_rewards)


def test_out_and_in_again_is_the_same(root: Path, tmp_path: Path) -> None:
    assert export_minari(ID, tmp_path / "out", root) == tmp_path / "out" / ID
    assert_whole(tmp_path / "out", ID)
    assert import_minari(tmp_path / "out" / ID, None, tmp_path / "new") == ID
    assert_whole(tmp_path / "new", ID)


def test_a_dataset_may_get_another_id(root: Path, tmp_path: Path) -> None:
    assert import_minari(root / ID, "mine/other-v3", tmp_path / "new") == "mine/other-v3"
    assert_whole(tmp_path / "new", "mine/other-v3")
    import minari

    dataset = minari.MinariDataset(data_path("mine/other-v3", tmp_path / "new"))
    assert dataset.id == "mine/other-v3"


@pytest.mark.parametrize(
    "kind", ["zip", pytest.param("tar", marks=SAFE), pytest.param("gztar", marks=SAFE)]
)
@pytest.mark.parametrize("inside", [".", "garden"])
def test_packed_datasets_are_unpacked(root: Path, tmp_path: Path, kind: str, inside: str) -> None:
    packed = shutil.make_archive(str(tmp_path / "packed"), kind, root / inside)
    assert import_minari(Path(packed), None, tmp_path / "new") == ID
    assert_whole(tmp_path / "new", ID)


def test_a_taken_id_is_left_alone(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="exists already"):
        import_minari(root / ID, None, root)
    export_minari(ID, tmp_path / "out", root)
    with pytest.raises(DataError, match="exists already"):
        export_minari(ID, tmp_path / "out", root)
    assert_whole(root, ID)


def test_a_bad_dataset_is_not_kept(root: Path, tmp_path: Path) -> None:
    with h5py.File(data_path(ID, root) / "main_data.hdf5", "a") as file:
        file["episode_0/rewards"][0] = np.nan
    with pytest.raises(DataError, match="reward nan is not finite"):
        import_minari(root / ID, "mine/other-v3", tmp_path / "new")
    assert dataset_ids(tmp_path / "new") == []


def test_what_is_no_dataset_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    with pytest.raises(DataError, match="neither a Minari dataset nor an"):
        import_minari(tmp_path / "text")
    with pytest.raises(DataError, match="does not exist"):
        import_minari(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no Minari dataset"):
        import_minari(tmp_path / "empty")
    save_minari(load_minari(ID, root), "garden/second-v0", root)
    packed = shutil.make_archive(str(tmp_path / "two"), "zip", root)
    with pytest.raises(DataError, match="holds 2 Minari datasets"):
        import_minari(Path(packed))


@SAFE
def test_names_that_lead_out_of_an_archive_write_nothing(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as packed:
        entry = tarfile.TarInfo("../escaped")
        entry.size = 4
        packed.addfile(entry, io.BytesIO(b"evil"))
    with pytest.raises(DataError, match="cannot be unpacked"):
        import_minari(tmp_path / "evil.tar", None, tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil.tar"]


@SAFE
def test_a_cut_archive_is_refused(root: Path, tmp_path: Path) -> None:
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "gztar", root))
    packed.write_bytes(packed.read_bytes()[:2000])
    with pytest.raises(DataError, match=r"packed\.tar\.gz"):
        import_minari(packed, None, tmp_path / "new")


def test_a_tar_file_is_not_unpacked_where_that_is_not_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    (tmp_path / "data").mkdir()
    packed = shutil.make_archive(str(tmp_path / "packed"), "tar", tmp_path / "data")
    with pytest.raises(DataError, match=r"before 3\.11\.4 cannot unpack safely; unpack it"):
        import_minari(Path(packed), None, tmp_path / "new")
