"""Runs that go on from one checkpoint, as a table and a chart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.study import conversion


def write_log(run: Path, entries: list[dict[str, float]]) -> str:
    run.mkdir()
    (run / "log.jsonl").write_text("".join(f"{json.dumps(entry)}\n" for entry in entries), encoding="utf-8")
    return str(run)


def held(tokens: int, middle: float, canvas: float) -> dict[str, float]:
    return {"tokens": tokens, "held_next_token": 1.7, "held_canvas": canvas, "held_middle": middle}


def test_arms_begin_where_the_run_before_them_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    step = {"tokens": 500_000, "next_token": 2.0, "canvas": 0.0}
    trunk = write_log(tmp_path / "trunk", [held(500_000, 1.9, 0), step, held(1_000_000, 1.8, 0)])
    one = write_log(tmp_path / "one", [held(1_200_000, 1.75, 0)])
    two = write_log(tmp_path / "two", [held(1_200_000, 1.78, 3.25)])
    chart = tmp_path / "chart.svg"
    arms = [f"left to right={one}", f"blocks of 4={two}"]
    monkeypatch.setattr("sys.argv", ["conversion", trunk, *arms, "--out", str(chart)])
    conversion.main()
    rows = capsys.readouterr().out.splitlines()
    assert rows[2:] == [
        "| before | 0.50 | 1.900 | – | 1.700 |",
        "| before | 1.00 | 1.800 | – | 1.700 |",
        "| left to right | 1.20 | 1.750 | – | 1.700 |",
        "| blocks of 4 | 1.20 | 1.780 | 3.250 | 1.700 |",
    ]
    drawn = chart.read_text(encoding="utf-8")
    lines = [line.split('"')[1].split() for line in drawn.splitlines() if line.startswith("<polyline")]
    assert [len(points) for points in lines] == [2, 2, 2]
    assert lines[0][-1] == lines[1][0] == lines[2][0]


@pytest.mark.parametrize(("arm", "says"), [("one", "Name arms as NAME=RUN"), ("one={}/empty", "let it train on")])
def test_what_cannot_be_drawn_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arm: str, says: str) -> None:
    trunk = write_log(tmp_path / "trunk", [held(500_000, 1.9, 0)])
    write_log(tmp_path / "empty", [])
    monkeypatch.setattr("sys.argv", ["conversion", trunk, arm.format(tmp_path), "--out", str(tmp_path / "chart.svg")])
    with pytest.raises(SystemExit, match=says):
        conversion.main()
    assert not (tmp_path / "chart.svg").exists()
