"""The command line starts fast, checks first and fails in one line."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import driftline
from driftline.cli import main as module
from driftline.cli.main import run
from driftline.errors import TargetError
from driftline.records.run_directory import RunDirectory

GIVEN: dict[str, Any] = {"configuration": {}, "seeds": [0], "thresholds": {}}
HEAVY = ("torch", "pandas", "pyarrow", "matplotlib", "minari", "stable_baselines3")


def driftline_process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "driftline", *arguments]
    return subprocess.run(command, text=True, timeout=60, **options)


def test_help_lists_the_commands_within_a_second() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = driftline_process("--help", capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    for name in ("study", "resume", "measure", "report", "demos", "conformance", "info"):
        assert name in done.stdout
    # Processor time, so that whatever else the machine does is not counted.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("study", "--help"),
        ("demos", "make", "--help"),
        ("study", "moon"),
        ("study", "tomato-watering", "--agents", "moon"),
        ("resume", "missing"),
        ("info",),
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_loaded_to_help_or_to_refuse(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    program = (
        "import sys\n"
        "from driftline.cli.main import run\n"
        "try:\n"
        f"    run({list(arguments)!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path, capture_output=True)


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"driftline {driftline.__version__}\n"


BAD: list[tuple[tuple[str, ...], str]] = [
    (("study", "moon"), "unknown study 'moon'; the studies are tomato-watering"),
    (("study", "tomato-watering", "--budget", "big"), "unknown budget 'big'"),
    (("study", "tomato-watering", "--agents", "gm,a2c"), "unknown agent 'a2c'; the agents are gm"),
    (("study", "tomato-watering", "--agents", ","), "--agents names no agent"),
    (("study", "tomato-watering", "--seeds", "0"), "--seeds is at least 1, got 0"),
    (("study", "tomato-watering", "--workers", "-1"), "--workers is at least 1, got -1"),
    (("study", "hopper", "--level", "good"), "unknown level 'good'; the levels are random, medium"),
    (("study", "boat-race", "--level", "medium"), "boat-race are scripted and of no level"),
    (("study", "hopper", "--steps", "0"), "--steps is at least 1, got 0"),
    (("study", "gridworlds", "--steps", "9"), "gridworlds is counted in rounds and not in steps"),
    (("study", "tomato-watering", "--out", "."), "is not empty; choose another --out"),
    (("resume", "missing"), "missing is no run: cannot read manifest.json"),
    (("measure", "missing"), "missing is no run"),
    (("report", "."), ". is no run"),
    (("conformance",), "at least one file"),
    (("conformance", "missing.npz"), "missing.npz does not exist"),
    (("demos", "make", "moon"), "unknown world or task 'moon'"),
    (("demos", "make", "tomato-watering", "--episodes", "0"), "--episodes is at least 1"),
    (("demos", "make", "tomato-watering", "--id", "x"), "dataset id 'x' is malformed"),
    (("demos", "show", "missing-v0", "--root", "."), "no Minari dataset 'missing-v0'"),
    (("demos", "export", "missing-v0", "--to", "out", "--root", "."), "no Minari dataset"),
    (("demos", "import", "missing"), "missing does not exist"),
    (("demos", "import", "file.npz"), "give it one: --id"),
    (("demos", "import", "file.npz", "--id", "mine/a-v0"), "no readable .npz"),
    (("demos", "import", "here", "--environment", "CartPole-v1"), "--environment is for an .npz"),
]


@pytest.mark.parametrize(("arguments", "said"), BAD, ids=[" ".join(each) for each, _ in BAD])
def test_bad_input_is_one_line_and_exit_code_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    (tmp_path / "file.npz").write_text("not an npz")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "root"))
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("driftline: error: ")
    assert err.count("\n") == 1
    assert said in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.npz"]


def test_a_process_ends_with_that_code_and_no_traceback(tmp_path: Path) -> None:
    done = driftline_process("study", "moon", capture_output=True, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_a_run_that_is_there_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    RunDirectory.create(tmp_path / "run", GIVEN)
    before = (tmp_path / "run" / "manifest.json").read_bytes()
    assert run(["study", "tomato-watering", "--out", str(tmp_path / "run")]) == 2
    assert f"go on with: driftline resume {tmp_path / 'run'}" in capsys.readouterr().err
    assert (tmp_path / "run" / "manifest.json").read_bytes() == before
    assert len(list((tmp_path / "run").iterdir())) == 1


class Studies(ModuleType):
    """Stands in for the module that does the work, and remembers how it was called."""

    def __init__(self, act: Callable[[], int] = lambda: 0) -> None:
        super().__init__("studies")
        self.calls: list[Any] = []
        for name in ("run_study", "resume", "measure", "report"):
            setattr(self, name, self._called(name, act))

    def _called(self, name: str, act: Callable[[], int]) -> Callable[..., int]:
        def call(*arguments: Any, **options: Any) -> int:
            self.calls.append((name, arguments, options))
            return act()

        return call


def standing_in(monkeypatch: pytest.MonkeyPatch, act: Callable[[], int] = lambda: 0) -> Studies:
    studies = Studies(act)
    monkeypatch.setitem(sys.modules, "driftline.experiments.studies", studies)
    return studies


def test_a_study_gets_what_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studies = standing_in(monkeypatch, lambda: 7)
    out = tmp_path / "out"
    typed = ["study", "tomato-watering", "--budget", "smoke", "--agents", "gm,ppo", "finetune"]
    assert run([*typed, "--seeds", "3", "--out", str(out), "--workers", "2"]) == 7
    options = {"budget": "smoke", "seeds": 3, "out": out, "workers": 2, "extends": None}
    options |= {"agents": ("gm", "ppo", "finetune"), "arenas": None, "precision": None}
    options |= {"device": None, "level": None, "steps": None}
    assert studies.calls == [("run_study", ("tomato-watering",), options)]


def test_arenas_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studies = standing_in(monkeypatch)
    out = tmp_path / "out"
    assert run(["study", "control", "--arenas", "hopper,pendulum", "--out", str(out)]) == 0
    assert studies.calls[0][2]["arenas"] == ("hopper", "pendulum")


@pytest.mark.parametrize(("option", "value"), [("precision", "auto"), ("device", "cuda:1")])
def test_how_models_learn_can_be_said(
    option: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studies = standing_in(monkeypatch)
    typed = ["study", "cartpole", f"--{option}", value, "--out", str(tmp_path / "out")]
    assert run(typed) == 0
    assert studies.calls[0][2][option] == value


@pytest.mark.parametrize(
    ("typed", "said"), [("hoper", "unknown arena 'hoper'"), (",", "--arenas names no arena")]
)
def test_arenas_that_are_none_are_refused(
    typed: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["study", "control", "--arenas", typed, "--out", str(tmp_path / "out")]) == 2
    assert said in capsys.readouterr().err


def test_a_study_has_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    studies = standing_in(monkeypatch)
    monkeypatch.chdir(tmp_path)
    assert run(["study", "side-effects-sokoban"]) == 0
    options = {"budget": "default", "agents": None, "seeds": None, "workers": None}
    options |= {"out": Path("runs/side-effects-sokoban-default"), "extends": None, "arenas": None}
    options |= {"precision": None, "device": None, "level": None, "steps": None}
    assert studies.calls == [("run_study", ("side-effects-sokoban",), options)]


def test_levels_and_steps_can_be_said_and_have_directories_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studies = standing_in(monkeypatch)
    monkeypatch.chdir(tmp_path)
    said = ((), ("--level", "medium-replay"), ("--steps", "1000"), ("--level", "expert"))
    for options in said:
        assert run(["study", "hopper", *options]) == 0
    found = [(each["level"], each["steps"], str(each["out"])) for _, _, each in studies.calls]
    assert found == [
        (None, None, "runs/hopper-default"),
        ("medium-replay", None, "runs/hopper-medium-replay-default"),
        (None, 1000, "runs/hopper-default-1000-steps"),
        ("expert", None, "runs/hopper-expert-default"),
    ]


def test_a_study_extends_what_is_a_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    studies = standing_in(monkeypatch)
    RunDirectory.create(tmp_path / "earlier", GIVEN)
    typed = ["study", "tomato-watering", "--out", str(tmp_path / "new"), "--extends"]
    assert run([*typed, str(tmp_path / "earlier")]) == 0
    assert studies.calls[0][2]["extends"] == tmp_path / "earlier"
    assert run([*typed, str(tmp_path / "nowhere")]) == 2
    assert "nowhere is no run" in capsys.readouterr().err
    assert len(studies.calls) == 1


@pytest.mark.parametrize("name", ["resume", "measure", "report"])
def test_the_other_commands_get_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    RunDirectory.create(tmp_path, GIVEN)
    studies = standing_in(monkeypatch)
    assert run([name, str(tmp_path)]) == 0
    assert [(call, arguments[0]) for call, arguments, _ in studies.calls] == [(name, tmp_path)]


def interrupt() -> int:
    raise KeyboardInterrupt


def test_ctrl_c_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"

    def begin_and_interrupt() -> int:
        RunDirectory.create(out, GIVEN)
        return interrupt()

    standing_in(monkeypatch, begin_and_interrupt)
    assert run(["study", "tomato-watering", "--out", str(out)]) == 130
    said = f"driftline: interrupted; go on with: driftline resume {out}\n"
    assert capsys.readouterr().err == said
    standing_in(monkeypatch, interrupt)
    assert run(["resume", str(out)]) == 130
    assert capsys.readouterr().err == said


def test_ctrl_c_before_anything_was_stored_promises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    standing_in(monkeypatch, interrupt)
    assert run(["study", "tomato-watering", "--out", str(tmp_path / "run")]) == 130
    assert capsys.readouterr().err == "driftline: interrupted\n"


def test_an_error_deep_inside_is_one_line_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse() -> int:
        raise TargetError("a return of 99 was asked for;\nthe data reaches from 1 to 20")

    standing_in(monkeypatch, refuse)
    assert run(["study", "tomato-watering", "--out", str(tmp_path / "run")]) == 2
    said = "a return of 99 was asked for; the data reaches from 1 to 20"
    assert capsys.readouterr().err == f"driftline: error: {said}\n"


def test_what_the_machine_refuses_is_one_line_and_our_mistakes_are_not_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full() -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "report.html")

    def mistaken() -> int:
        raise FileNotFoundError(errno.ENOENT, "No such file", "x")

    monkeypatch.setattr(module, "_silence", lambda: None)
    standing_in(monkeypatch, full)
    assert run(["study", "tomato-watering", "--out", str(tmp_path / "run")]) == 2
    assert "No space left on device (report.html); make room" in capsys.readouterr().err
    standing_in(monkeypatch, mistaken)
    with pytest.raises(FileNotFoundError):
        run(["study", "tomato-watering", "--out", str(tmp_path / "run")])


def test_a_reader_that_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = driftline_process("info", stdout=write, stderr=subprocess.PIPE)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the platform has no full device")
def test_output_that_cannot_be_written_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        done = driftline_process("info", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr.startswith("driftline: error: No space left on device")
    assert done.stderr.count("\n") == 1


def test_info_names_the_versions_in_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["info"]) == 0
    lines = dict(line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert lines["driftline"] == driftline.__version__
    assert {"python", "platform", "numpy", "torch", "cores"} <= lines.keys()
