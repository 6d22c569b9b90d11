"""Checkpoints of an adapter's run, and whether a base is the one that the run was started with."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from training.adapter.rows import RowShape
from training.adapter.trainer import AdapterProgress, AdapterSettings, AdapterState
from training.model.config import ModelConfig
from training.run.checkpoint import PREFIX, CheckpointError, latest_checkpoint, read_state, write_state

CHANGEABLE = ("learning_rate", "warmup_tokens", "until_tokens")
"""What a resumed run may have otherwise."""


def save_adapter(run: Path, state: AdapterState, base: Path) -> Path:
    """Writes a numbered checkpoint, whole or not at all, and where the base lies; raises CheckpointError."""
    content = {
        "settings": asdict(state.settings),
        "progress": asdict(state.progress),
        "weights": state.weights,
        "optimiser": state.optimiser,
        "base": str(base.resolve()),
    }
    return write_state(run, content, f"{PREFIX}{state.progress.step:08d}")


def load_adapter(run: Path) -> tuple[AdapterState, Path] | None:
    """The newest state of a run and where its base lay; None where there is none. Raises CheckpointError."""
    path = latest_checkpoint(run)
    return None if path is None else read_state(path, _state)


def _state(data: dict[str, Any]) -> tuple[AdapterState, Path]:
    found = data["settings"]
    settings = AdapterSettings(
        **{
            **found,
            "model": ModelConfig(**found["model"]),
            "rows": RowShape(**found["rows"]),
            "projections": tuple(found["projections"]),
        }
    )
    state = AdapterState(settings, AdapterProgress(**data["progress"]), data["weights"], data["optimiser"])
    return state, Path(data["base"])


def require_same_base(run: Path, settings: AdapterSettings, path: Path, files: dict[str, str]) -> None:
    """Raises CheckpointError where a base's files are not those that the run was trained on."""
    # By content alone: on another machine the file may have another name.
    if sorted(files.values()) != sorted(settings.files.values()):
        raise CheckpointError(
            f"{run} was trained on {settings.base} ({', '.join(sorted(settings.files))}), and {path} holds other "
            "weights: give that base with --base, or another --run folder."
        )


def require_same_run(run: Path, earlier: AdapterSettings, wanted: AdapterSettings) -> None:
    """Raises CheckpointError that names the first setting which may not change and does."""
    same = replace(wanted, base=earlier.base, files=earlier.files)
    for entry in fields(AdapterSettings):
        before, now = getattr(earlier, entry.name), getattr(same, entry.name)
        if entry.name not in CHANGEABLE and before != now:
            raise CheckpointError(
                f"{run} was started with {entry.name} {before}, but {now} is asked for: give the options that it was "
                "started with, or another --run folder."
            )
