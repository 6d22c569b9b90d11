"""Writes an adapter from a run: `python -m training.adapter.export --run RUN --out FOLDER`.

The folder has adapter.json, which says what base the adapter belongs to and how it is used, and adapter.safetensors.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from training.adapter.base import digests
from training.adapter.checkpoint import load_adapter, require_same_base
from training.adapter.trainer import AdapterSettings, AdapterState
from training.convert.base import BaseError
from training.model.weights_file import save_weights
from training.run.checkpoint import CheckpointError

FORMAT = 1
TYPES = {"F16": torch.float16, "BF16": torch.bfloat16, "F32": torch.float32}
TYPE = "F16"
"""As small as BF16, with three bits more; none of an adapter's weights is large."""


def export_adapter(state: AdapterState, base: Path, files: dict[str, str], out: Path, kind: str = TYPE) -> None:
    """Writes both files, the one that says what it is last; `files` are the base's, by name."""
    out.mkdir(parents=True, exist_ok=True)
    tensors = {name: weight.detach().cpu().to(TYPES[kind]).contiguous() for name, weight in state.weights.items()}
    weights = out / "adapter.safetensors"
    save_weights(tensors, weights, {"format": "pt"})
    # The safetensors library writes files that only their owner can read; these are meant to be shipped.
    weights.chmod(0o644)
    text = json.dumps(_description(state.settings, base, files, out), indent=2, ensure_ascii=False)
    (out / "adapter.json").write_text(text + "\n", encoding="utf-8")


def _description(settings: AdapterSettings, base: Path, files: dict[str, str], out: Path) -> dict[str, object]:
    return {
        "format": FORMAT,
        "base": {"name": settings.base, "path": _path(base.resolve(), out.resolve()), "files": files},
        "rank": settings.rank,
        "scale": settings.scale,
        "masks": settings.rows.masks,
    }


def _path(base: Path, out: Path) -> str:
    """Where the base is to lie: in the adapter's folder where it does, and else beside it, where it is looked for."""
    return base.name if base.parent == out else f"../{base.name}"


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--base", type=Path, help="where the base lies now (default: where it lay in training)")
    parser.add_argument("--type", choices=list(TYPES), default=TYPE, help="the type of the weights")
    options = parser.parse_args()
    try:
        found = load_adapter(options.run)
        if found is None:
            sys.exit(f"There is no checkpoint in {options.run}: train one with `python -m training.adapter.train`.")
        state, trained_on = found
        base = options.base or trained_on
        if not base.exists():
            sys.exit(f"{base} is not there any more: say where {state.settings.base} lies now with --base.")
        files = digests(base)
        require_same_base(options.run, state.settings, base, files)
        export_adapter(state, base, files, options.out, options.type)
    except (BaseError, CheckpointError) as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The adapter could not be written to {options.out}: {error.strerror}. Free some space.")
    print(f"Exported step {state.progress.step} to {options.out}.")
    if base.resolve().parent not in (options.out.resolve(), options.out.resolve().parent):
        print(f"To use it, put {base.name} beside that folder.")


if __name__ == "__main__":
    main()
