"""What a model card is written from: a run's settings, how far it came, and what was measured.

A run that is exported gives all of it. Of a model that ships, the checkpoint folder has the weights and mostly the
progress; the rest is recorded in `cards/NAME.toml`, so that its card can be written again without the run.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.model.config import ModelConfig, RowRecipe
from training.model.optimiser import Recipe
from training.run.checkpoint import PACKED_WEIGHTS, Checkpoint, Progress, load_weights

RECORDS = Path(__file__).with_name("cards")

Figures = dict[str, dict[str, float]]
"""The columns of a measurement by its name, as training.eval.evaluate prints them."""


@dataclass(frozen=True)
class Spans:
    """A table of a bench: `results` is its file in bench/results, `intro` says what was measured."""

    results: str
    intro: str
    remark: str = ""
    """What else is to be said, behind the table."""


@dataclass(frozen=True)
class Run:
    """The settings that a card names, as in training.run.checkpoint.Settings.

    None: not recorded, for the card of this model does not name it.
    """

    size: str
    batch: int
    length: int
    rows: RowRecipe
    seed: int | None = None
    noise_warmup_tokens: int | None = None
    canvas_rate: float | None = None
    optimiser: Recipe | None = None


@dataclass(frozen=True)
class Facts:
    """All that a card says of one model; `weights` is their file."""

    run: Run
    model: ModelConfig
    progress: Progress
    parameters: int
    weights: Path
    figures: Figures | None = None
    spans: tuple[Spans, ...] = ()
    sources: str | None = None
    """The sources as the list had them when the run began; None: as it has them now."""
    data: str = ""
    """What else is to be said of the run's data."""
    command: str = ""
    """What else is to be said of the command that trained last."""


def facts_of(checkpoint: Checkpoint, folder: Path, figures: Figures | None) -> Facts:
    """Of a run that was exported to `folder`."""
    settings = checkpoint.settings
    names = Run.__dataclass_fields__
    return Facts(
        run=Run(**{name: getattr(settings, name) for name in names}),
        model=settings.model,
        progress=checkpoint.progress,
        parameters=sum(tensor.numel() for tensor in checkpoint.optimiser["masters"].values()),
        weights=folder / "model.safetensors",
        figures=figures,
    )


def recorded(folder: Path) -> Facts:
    """Of a model that ships. Raises CheckpointError, and OSError where nothing is recorded of it."""
    record = _Record(**tomllib.loads((RECORDS / f"{folder.name}.toml").read_text(encoding="utf-8")))
    weights = load_weights(folder)
    packed = folder / PACKED_WEIGHTS
    return Facts(
        run=Run(**{**record.run, "rows": RowRecipe(**record.run["rows"])}),
        model=weights.model,
        progress=Progress(**record.progress) if record.progress else weights.progress,
        parameters=sum(tensor.numel() for tensor in weights.tensors.values()),
        weights=packed if packed.exists() else folder / "model.safetensors",
        figures=record.figures,
        spans=tuple(Spans(**one) for one in record.spans),
        sources=record.sources,
        data=record.data,
        command=record.command,
    )


@dataclass(frozen=True)
class _Record:
    """A file of `cards`. `progress`: only where the weights' file says nothing of it."""

    run: dict[str, Any]
    figures: Figures
    progress: dict[str, Any] | None = None
    spans: list[dict[str, str]] = field(default_factory=list)
    sources: str | None = None
    data: str = ""
    command: str = ""
