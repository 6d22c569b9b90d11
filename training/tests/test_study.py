"""Arms share their beginnings, keep to their compute, and go on after a kill as if nothing had happened."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from training.run.checkpoint import load_checkpoint
from training.run.trainer import StepReport, Trainer
from training.study import train as study_module
from training.study.train import ARMS, Segment, Study, train_arm
from training.tests.conftest import Data

FIRST = Segment("next token", 0.5)
SECOND = Segment("cached", 0.5, warm_up=True)


@pytest.fixture
def study(data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    torch.set_num_threads(1)
    monkeypatch.setattr(study_module, "LENGTH", 64)
    monkeypatch.setattr(study_module, "BATCH", 2)
    return Study(tmp_path, data.packed, data.tokenizer, budget=1600, size="smoke")


def curve(study: Study, segments: tuple[Segment, ...]) -> list[tuple[float, ...]]:
    lines = [json.loads(line) for line in (study.folder(segments) / "log.jsonl").read_text().splitlines()]
    return [(line["step"], line["positions"], line["next_token"], line["canvas"], line["norm"]) for line in lines]


def test_arms_that_begin_alike_share_it_and_keep_to_their_compute(study: Study) -> None:
    train_arm(study, (FIRST, SECOND))
    written = study.finished((FIRST,)).stat().st_mtime_ns
    train_arm(study, (FIRST, Segment("in place", 0.5)))
    assert study.finished((FIRST,)).stat().st_mtime_ns == written
    for segments in ((FIRST,), (FIRST, SECOND)):
        spent = [line[1] for line in curve(study, segments)]
        assert sum(spent) >= 800 > sum(spent[:-1])
    assert curve(study, (FIRST, SECOND))[0][0] == curve(study, (FIRST,))[-1][0] + 1


def test_a_killed_arm_goes_on_with_the_same_curve(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Study(tmp_path / "whole", study.data, study.tokenizer, study.budget, study.size)
    train_arm(whole, (FIRST,))

    monkeypatch.setattr(study_module, "SAVE_SECONDS", 0)
    real, steps = Trainer.step, []

    def dies(trainer: Trainer, stop: bool = False) -> StepReport:
        if len(steps) == 4:
            raise KeyboardInterrupt
        steps.append(trainer.progress.step)
        return real(trainer, stop)

    monkeypatch.setattr(Trainer, "step", dies)
    with pytest.raises(KeyboardInterrupt):
        train_arm(study, (FIRST,))
    monkeypatch.setattr(Trainer, "step", real)
    train_arm(study, (FIRST,))
    assert curve(study, (FIRST,)) == curve(whole, (FIRST,))
    ours, theirs = (load_checkpoint(one.finished((FIRST,))).optimiser["masters"] for one in (study, whole))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_every_arm_has_the_same_compute() -> None:
    for name, segments in ARMS.items():
        assert sum(segment.share for segment in segments) == pytest.approx(1.0), name
    assert len({segments for segments in ARMS.values()}) == len(ARMS)
