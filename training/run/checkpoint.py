"""Checkpoints of a run: written whole or not at all, the last two kept, refused when they do not fit."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, TypeVar

import torch
from gguf import GGUFReader
from safetensors import SafetensorError, safe_open

from training.convert.base import BaseError, tensors_of
from training.model.config import ModelConfig, RowRecipe
from training.model.optimiser import Recipe

State = TypeVar("State")

KEPT = 2
PREFIX = "checkpoint-"
PROGRESS_KEY = "palimpsest.progress"
"""Where the weights' file of an exported folder says how far its run had come."""
PACKED_WEIGHTS = "model.gguf"
"""In place of `model.safetensors` where training.release.pack has rounded them."""


class CheckpointError(Exception):
    """A checkpoint cannot be written, read or used; the message is a sentence that says what to do."""


@dataclass
class Progress:
    """Where a run stands. All token counts are clean tokens (canvas tokens not counted)."""

    step: int = 0
    rows: int = 0
    tokens: int = 0
    canvas_stage_tokens: int = 0
    plain_rows: int = 0
    """Rows of the diffusion stage without canvases."""
    seconds: float = 0.0
    warm_start: int = 0
    """Tokens at which the optimiser last began again; the learning rate rises again from there."""
    decay_start: int | None = None
    decay_tokens: int = 0
    decays: list[tuple[int, int]] = field(default_factory=list)
    """Decays that a later run went on from: where each began, and its tokens."""
    stages: list[tuple[str, int]] = field(default_factory=list)
    """The stages so far, and the tokens at which each began: a run may go back to the first one."""


@dataclass(frozen=True)
class Settings:
    """What must stay the same when a run is resumed, except where train.py says so."""

    model: ModelConfig
    size: str
    tokenizer: str
    seed: int
    batch: int
    length: int
    next_token_tokens: int
    noise_warmup_tokens: int
    rate_warmup_tokens: int
    canvas_rate: float
    rows: RowRecipe = field(default_factory=RowRecipe)
    optimiser: Recipe = "muon"


@dataclass
class Checkpoint:
    """Everything that a run needs to go on as if it had never stopped."""

    settings: Settings
    progress: Progress
    optimiser: dict[str, Any] = field(repr=False)


def save_checkpoint(run: Path, checkpoint: Checkpoint, name: str | None = None, keep: int = KEPT) -> Path:
    """Writes a checkpoint through a temporary file and removes all but the last `keep` numbered ones.

    `name` gives it a name of its own, so that it is never removed. Raises CheckpointError when the disk is
    full or cannot be written; the earlier checkpoints stay.
    """
    state = {
        "settings": asdict(checkpoint.settings),
        "progress": asdict(checkpoint.progress),
        "optimiser": checkpoint.optimiser,
    }
    return write_state(run, state, name or f"{PREFIX}{checkpoint.progress.step:08d}", keep)


def write_state(run: Path, state: dict[str, Any], name: str, keep: int = KEPT) -> Path:
    """As `save_checkpoint`, of whatever `torch.load` gives back as weights alone."""
    run.mkdir(parents=True, exist_ok=True)
    target = run / f"{name}.pt"
    partial = target.with_suffix(".partial")
    try:
        with open(partial, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    except (OSError, RuntimeError) as error:
        partial.unlink(missing_ok=True)
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "the disk is full" if full else str(error).splitlines()[0]
        raise CheckpointError(
            f"The checkpoint could not be written to {run}: {why}. The last good one stays; "
            "free some space and start the same command again."
        ) from error
    numbered = sorted(run.glob(f"{PREFIX}*.pt"))
    for old in numbered[:-keep]:
        old.unlink()
    return target


def latest_checkpoint(run: Path) -> Path | None:
    """The newest numbered checkpoint of a run, or None."""
    return max(run.glob(f"{PREFIX}*.pt"), default=None)


def load_checkpoint(path: Path) -> Checkpoint:
    """Reads a checkpoint onto the CPU; raises CheckpointError where the file is not one of ours."""
    return read_state(path, _checkpoint)


def _checkpoint(data: dict[str, Any]) -> Checkpoint:
    found = data["settings"]
    settings = Settings(**{**found, "model": ModelConfig(**found["model"]), "rows": RowRecipe(**found["rows"])})
    return Checkpoint(settings, Progress(**data["progress"]), data["optimiser"])


def read_state(path: Path, build: Callable[[dict[str, Any]], State]) -> State:
    """What `build` makes of what `write_state` wrote; raises CheckpointError where it is something else."""
    try:
        return build(torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, KeyError, TypeError, ValueError, EOFError, UnpicklingError) as error:
        raise CheckpointError(
            f"{path} cannot be read as a checkpoint ({type(error).__name__}). Remove it, and the one before it is used."
        ) from error


@dataclass(frozen=True)
class Weights:
    """What a checkpoint folder holds: weights without an optimiser's state, in fp32, by the decoder's names."""

    model: ModelConfig
    tokenizer: str
    progress: Progress
    tensors: dict[str, torch.Tensor] = field(repr=False)


def load_weights(folder: Path) -> Weights:
    """Reads an exported checkpoint folder, packed or not; raises CheckpointError where it is not one of ours."""
    try:
        model = ModelConfig.from_checkpoint(json.loads((folder / "config.json").read_text(encoding="utf-8")))
        packed = folder / PACKED_WEIGHTS
        said, tensors = _packed(packed, model) if packed.exists() else _exported(folder / "model.safetensors")
        progress = Progress(**json.loads(said))
        progress.stages = [(stage, begin) for stage, begin in progress.stages]
        progress.decays = [(begin, tokens) for begin, tokens in progress.decays]
        digest = hashlib.sha256((folder / "tokenizer.json").read_bytes()).hexdigest()
        return Weights(model, digest, progress, tensors)
    except (OSError, KeyError, IndexError, TypeError, ValueError, SafetensorError, BaseError) as error:
        raise CheckpointError(
            f"{folder} cannot be read as a checkpoint folder ({type(error).__name__}): give --start-from a folder that "
            "training.release.export or training.release.pack wrote, or a checkpoint of a run."
        ) from error


def _exported(path: Path) -> tuple[str, dict[str, torch.Tensor]]:
    """Progress as JSON, and weights."""
    with safe_open(path, "pt") as file:
        said = (file.metadata() or {}).get(PROGRESS_KEY, "{}")
        return said, {name.removeprefix("model."): file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118


def _packed(path: Path, model: ModelConfig) -> tuple[str, dict[str, torch.Tensor]]:
    """The same of a packed folder; files of before say nothing of their progress."""
    reader = GGUFReader(path)
    said = reader.fields.get(PROGRESS_KEY)
    return "{}" if said is None else str(said.contents()), tensors_of(path, reader, model)


def require_same_shape(path: Path, found: ModelConfig, wanted: ModelConfig) -> None:
    """Raises CheckpointError that names the first difference between two shapes."""
    for name, value in asdict(wanted).items():
        other = getattr(found, name)
        if other != value:
            raise CheckpointError(
                f"{path} holds a model with {name} {other}, but {value} is asked for. "
                "Choose another --run folder, or the --size that the run was started with."
            )
