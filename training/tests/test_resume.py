"""A run that is stopped and resumed has the same loss curve as one that was never stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from training.data.packing import tokenizer_digest
from training.model.config import SIZES, RowRecipe
from training.release.export import export
from training.rows.row_source import PLAIN
from training.rows.schedule import Noise
from training.run.checkpoint import (
    CheckpointError,
    Settings,
    latest_checkpoint,
    load_checkpoint,
    load_weights,
    require_same_shape,
    save_checkpoint,
)
from training.run.parallel import Team
from training.run.supply import Direct, open_source
from training.run.trainer import Trainer, TrainingError
from training.smoke import train_command
from training.tests.conftest import Data, little_room


def new_trainer(
    data: Data, dtype: torch.dtype = torch.float32, plain: float = 0.0, pass_rows: int | None = None
) -> Trainer:
    settings = Settings(
        model=SIZES["smoke"],
        size="smoke",
        tokenizer=tokenizer_digest(data.tokenizer),
        seed=3,
        batch=2,
        length=64,
        next_token_tokens=3 * 128,
        noise_warmup_tokens=3 * 128,
        rate_warmup_tokens=256,
        canvas_rate=0.6,
        rows=RowRecipe(plain=plain),
    )
    supply = Direct(open_source(data.packed, "train", data.tokenizer, 64, settings.seed, replace(PLAIN, plain=plain)))
    return Trainer(settings, supply, torch.device("cpu"), Team(), dtype, pass_rows)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("stopped_after", [2, 5])
def test_resuming_gives_the_same_loss_curve(data: Data, tmp_path: Path, stopped_after: int, dtype: torch.dtype) -> None:
    torch.set_num_threads(1)
    whole = new_trainer(data, dtype)
    curve = [
        (report.stage, report.next_token, report.canvas, report.norm) for report in (whole.step() for _ in range(9))
    ]
    assert [point[0] for point in curve] == ["next-token"] * 3 + ["canvas"] * 6
    assert whole.progress.stages == [("next-token", 0), ("canvas", 3 * 128)]

    first = new_trainer(data, dtype)
    for _ in range(stopped_after):
        first.step()
    path = save_checkpoint(tmp_path, first.checkpoint())
    second = new_trainer(data, dtype)
    second.restore(load_checkpoint(path))
    rest = [
        (report.stage, report.next_token, report.canvas, report.norm)
        for report in (second.step() for _ in range(9 - stopped_after))
    ]
    assert rest == curve[stopped_after:]


def test_plain_rows_in_passes_give_the_gradient_of_the_whole_batch(data: Data) -> None:
    torch.set_num_threads(1)
    whole, apart = new_trainer(data), new_trainer(data, pass_rows=1)
    for _ in range(3):
        expected, seen = whole.step(), apart.step()
        assert seen.stage == "next-token"
        assert seen.next_token == pytest.approx(expected.next_token, rel=1e-5)
        assert seen.norm == pytest.approx(expected.norm, rel=1e-4)


def test_every_row_is_in_one_part(data: Data) -> None:
    source = open_source(data.packed, "train", data.tokenizer, 64, 3)
    for batch in (source.next_token_batch(range(5)), source.canvas_batch(range(5), Noise(1.0, weighted=False))):
        parts = list(batch.parts(2))
        assert [len(part.ids) for part in parts] == [2, 2, 1]
        assert torch.equal(torch.cat([part.ids for part in parts]), batch.ids)
        visible = [part.visible for part in parts if part.visible is not None]
        assert (batch.visible is None and not visible) or torch.equal(torch.cat(visible), batch.visible)


def test_sigterm_leaves_a_checkpoint_and_the_same_command_goes_on(data: Data, tmp_path: Path) -> None:
    run = tmp_path / "run"
    command = train_command(data.packed.parent, run, minutes=5)
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 60
    log = run / "log.jsonl"
    while time.monotonic() < deadline and not (log.exists() and len(log.read_text().splitlines()) >= 3):
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    path = latest_checkpoint(run)
    assert path is not None
    step = load_checkpoint(path).progress.step
    assert step >= 3
    resumed = train_command(data.packed.parent, run, minutes=0.02)
    assert subprocess.run(resumed, check=False).returncode == 0
    steps = [json.loads(line)["step"] for line in log.read_text().splitlines() if "stage" in line]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) > step


def test_only_the_last_two_checkpoints_stay_and_named_ones_always(data: Data, tmp_path: Path) -> None:
    checkpoint = new_trainer(data).checkpoint()
    save_checkpoint(tmp_path, checkpoint, "kept")
    for step in range(1, 5):
        save_checkpoint(tmp_path, replace(checkpoint, progress=replace(checkpoint.progress, step=step)))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["checkpoint-00000003.pt", "checkpoint-00000004.pt", "kept.pt"]


def test_a_failed_write_keeps_the_last_good_checkpoint(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = new_trainer(data).checkpoint()
    good = save_checkpoint(tmp_path, checkpoint)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(CheckpointError, match=r"disk is full.*last good one stays"):
        save_checkpoint(tmp_path, replace(checkpoint, progress=replace(checkpoint.progress, step=9)))
    assert [path.name for path in tmp_path.iterdir()] == [good.name]
    assert load_checkpoint(good).progress.step == 0


def test_a_broken_file_and_another_shape_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint-00000001.pt"
    path.write_bytes(b"PK not a checkpoint")
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_checkpoint(path)
    with pytest.raises(CheckpointError, match=r"hidden 320, but 128 is asked for"):
        require_same_shape(path, SIZES["6m"], SIZES["1m"])


def test_a_loss_that_is_not_a_number_stops_the_run_and_leaves_the_weights(data: Data) -> None:
    trainer = new_trainer(data)
    trainer.step()
    before = {name: master.clone() for name, master in trainer.optimiser.masters.items()}
    with torch.no_grad():
        trainer.model.norm.weight.fill_(float("nan"))
    with pytest.raises(TrainingError, match="not a number at step 1"):
        trainer.step()
    assert all(torch.equal(before[name], master) for name, master in trainer.optimiser.masters.items())
    assert trainer.progress.step == 1


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("can't allocate memory")])
def test_a_device_without_memory_is_told_what_to_lower(
    data: Data, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    trainer = new_trainer(data)

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("training.run.trainer.losses_of", fail)
    with pytest.raises(TrainingError, match=r"ran out of memory with --batch 2 and --length 64: give --pass-rows 1"):
        trainer.step()


def begun(data: Data, run: Path) -> tuple[list[str], Path]:
    """A run that has stopped after four steps: the command that goes on with it, and its checkpoint."""
    command = train_command(data.packed.parent, run, minutes=5)
    assert subprocess.run([*command, "--until-tokens", str(4 * 512)], check=False).returncode == 0
    path = latest_checkpoint(run)
    assert path is not None
    return command, path


def test_a_loss_that_is_not_a_number_ends_the_command_with_a_sentence(data: Data, tmp_path: Path) -> None:
    command, path = begun(data, tmp_path)
    checkpoint = load_checkpoint(path)
    checkpoint.optimiser["masters"]["norm.weight"].fill_(float("nan"))
    poisoned = save_checkpoint(tmp_path, replace(checkpoint, progress=replace(checkpoint.progress, step=5)))
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "not a number at step 5. The last good checkpoint stays; start again from it" in done.stderr
    assert "Traceback" not in done.stderr
    assert latest_checkpoint(tmp_path) == poisoned
    assert load_checkpoint(path).progress.step == 4


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on files there")
def test_a_disk_that_takes_no_more_ends_the_command_with_a_sentence(data: Data, tmp_path: Path) -> None:
    import resource

    command, path = begun(data, tmp_path)
    limit = path.stat().st_size // 2
    done = subprocess.run(
        [*command, "--until-tokens", str(6 * 512)],
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.returncode == 1
    assert "could not be written" in done.stderr
    assert "free some space and start the same command again" in done.stderr
    assert "Traceback" not in done.stderr
    assert [file.name for file in tmp_path.glob("*.p*t*")] == [path.name]
    assert load_checkpoint(path).progress.step == 4


def test_a_run_starts_from_an_exported_folder_and_goes_on_counting(data: Data, tmp_path: Path) -> None:
    first = new_trainer(data)
    for _ in range(4):
        first.step()
    folder = tmp_path / "exported"
    export(first.checkpoint(), data.tokenizer, folder, averaged=False)
    weights = load_weights(folder)
    second = new_trainer(data)
    second.start_from(weights)
    for name, master in first.optimiser.masters.items():
        assert torch.equal(second.optimiser.masters[name], master.to(torch.bfloat16).float())
        assert torch.equal(second.optimiser.average[name], second.optimiser.masters[name])
    assert replace(second.progress, warm_start=0) == first.progress
    assert second.progress.warm_start == first.progress.tokens
    assert second.stage == "canvas"
    # The learning rate rises again: the optimiser knows nothing of the gradients yet.
    before = {name: master.clone() for name, master in second.optimiser.masters.items()}
    second.step()
    again = new_trainer(data)
    again.start_from(weights)
    again.progress.warm_start = 0
    again.step()
    small, large = (
        sum(float((one.optimiser.masters[name] - before[name]).abs().sum()) for name in before)
        for one in (second, again)
    )
    assert 0 < small < 0.5 * large


def test_an_export_that_finds_no_room_says_so_and_leaves_no_weights(data: Data, tmp_path: Path) -> None:
    checkpoint = new_trainer(data).checkpoint()
    with little_room(50_000), pytest.raises(OSError, match="there is no room for it"):
        export(checkpoint, data.tokenizer, tmp_path / "out")
    assert not (tmp_path / "out" / "model.safetensors").exists()


def test_a_new_run_goes_on_from_a_decayed_checkpoint_at_the_full_rate(data: Data, tmp_path: Path) -> None:
    one = new_trainer(data)
    one.step()
    border = one.progress.tokens
    one.progress = replace(one.progress, decay_start=border, decay_tokens=2 * border)
    one.step()
    path = save_checkpoint(tmp_path, one.checkpoint())
    resumed, further = new_trainer(data), new_trainer(data)
    resumed.restore(load_checkpoint(path))
    further.branch_off(load_checkpoint(path))
    assert resumed.progress.decay_start == border
    assert further.progress.decay_start is None
    assert further.progress.decays == [(border, border)]
    before = {name: master.clone() for name, master in further.optimiser.masters.items()}
    for trainer in (resumed, further):
        trainer.step()
    slow, fast = (
        sum(float((one.optimiser.masters[name] - before[name]).abs().sum()) for name in before)
        for one in (resumed, further)
    )
    # Half of the decay is over.
    assert 0.4 * fast < slow < 0.6 * fast


def test_plain_rows_of_the_diffusion_stage_are_counted(data: Data) -> None:
    trainer = new_trainer(data, plain=0.5)
    trainer.progress = replace(trainer.progress, tokens=trainer.settings.next_token_tokens)
    reports = [trainer.step() for _ in range(24)]
    plain = sum(report.canvas == 0 for report in reports)
    assert 0 < plain < len(reports)
    assert trainer.progress.plain_rows == plain * trainer.settings.batch
    assert trainer.progress.canvas_stage_tokens == len(reports) * trainer.settings.batch * trainer.settings.length


def test_what_is_no_exported_folder_is_refused_with_a_sentence(data: Data, tmp_path: Path) -> None:
    folder = tmp_path / "exported"
    export(new_trainer(data).checkpoint(), data.tokenizer, folder)
    (folder / "model.safetensors").write_bytes(b"not one")
    with pytest.raises(CheckpointError, match=r"cannot be read as a checkpoint folder.*training\.release\.export"):
        load_weights(folder)
    command = [*train_command(data.packed.parent, tmp_path / "run", minutes=5), "--start-from", str(folder)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "cannot be read as a checkpoint folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_two_processes_with_row_workers_take_the_same_steps_as_one(data: Data, tmp_path: Path) -> None:
    curves: list[list[float]] = []
    for processes in (1, 2):
        run = tmp_path / str(processes)
        command = [*train_command(data.packed.parent, run, minutes=5), "--processes", str(processes)]
        command += ["--workers", str(processes - 1), "--until-tokens", str(3 * 4 * 128)]
        assert subprocess.run(command, check=False).returncode == 0
        curves.append([json.loads(line)["norm"] for line in (run / "log.jsonl").read_text().splitlines()[:-1]])
    assert len(curves[0]) == 3
    assert curves[1] == pytest.approx(curves[0], rel=1e-3)


def test_a_run_of_another_shape_ends_with_a_sentence(data: Data, tmp_path: Path) -> None:
    command = [*train_command(data.packed.parent, tmp_path, minutes=5), "--until-tokens", "512"]
    assert subprocess.run(command, check=False).returncode == 0
    command[command.index("smoke")] = "1m"
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Choose another --run folder" in done.stderr
    assert "Traceback" not in done.stderr
