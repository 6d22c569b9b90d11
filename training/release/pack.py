"""Rounds an exported folder's weights: `python -m training.release.pack --folder DIR --out DIR`.

The new folder has the same configuration and tokenizer, and `model.gguf` in place of `model.safetensors`, which has no
type for blocks of a few bits. The MLPs, two thirds of a converted model, take `--mlp` (4 bits by default), all other
matrices `--rest` (8 bits); norms stay in fp32.

`--compensate DATA` rounds the MLPs so that what they give changes little on DATA's training rows (compensate.py);
it takes a minute on two cores. `--held DATA` measures instead: held-out losses of the weights as they are and under
each rounding.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFWriter, dequantize, quantize
from torch import Tensor

from training.convert.base import LAYER_NAMES, QUERY_KEY_NORMS, permuted
from training.model.config import ModelConfig, RowRecipe
from training.model.decoder import Decoder
from training.model.precision import working_type
from training.release.compensate import compensated
from training.release.export import TOKENIZER_FILES
from training.rows.row_source import RowSource
from training.rows.schedule import Noise
from training.run.checkpoint import PACKED_WEIGHTS, PROGRESS_KEY, CheckpointError, Progress, load_weights
from training.run.loss import losses_of
from training.run.supply import open_source

TYPES = ("F16", "Q8_0", "Q5_1", "Q5_0", "Q4_1", "Q4_0")
MLP, REST = "Q4_1", "Q8_0"
ROUNDINGS = (("F16", "F16"), ("Q8_0", "Q8_0"), ("Q5_1", "Q8_0"), ("Q4_1", "Q8_0"), ("Q4_0", "Q8_0"), ("Q4_1", "Q4_1"))
"""What `--held` compares: types of the MLPs and of the rest."""
CARD = "README.md"
HELD_ROWS = 32
ROW_LENGTH = 512

_NAMES = {
    "embed_tokens": "token_embd",
    "norm": "output_norm",
    **{ours: theirs for theirs, ours in (LAYER_NAMES | QUERY_KEY_NORMS).items()},
}


def gguf_name(name: str) -> str:
    """The GGUF name of one of the decoder's parameters."""
    plain = name.removesuffix(".weight")
    if not plain.startswith("layers."):
        return f"{_NAMES[plain]}.weight"
    _, layer, role = plain.split(".", 2)
    return f"blk.{layer}.{_NAMES[role]}.weight"


def type_of(name: str, tensor: Tensor, mlp: str, rest: str) -> GGMLQuantizationType:
    """The type that a tensor is stored in."""
    if tensor.dim() < 2:
        return GGMLQuantizationType.F32
    return GGMLQuantizationType[mlp if ".mlp." in name else rest]


def rounded(tensors: dict[str, Tensor], mlp: str, rest: str) -> dict[str, Tensor]:
    """What the file gives back, in fp32."""
    back: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        kind = type_of(name, tensor, mlp, rest)
        values = dequantize(quantize(tensor.float().numpy(), kind), kind)
        back[name] = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)).view_as(tensor)
    return back


@dataclass(frozen=True)
class Rounding:
    """The types of the MLPs' matrices and of all others, and the bytes of those that were rounded already, by name."""

    mlp: str
    rest: str
    packed: Mapping[str, np.ndarray] = field(default_factory=dict)


def write_gguf(
    path: Path, tensors: dict[str, Tensor], model: ModelConfig, rounding: Rounding, progress: Progress
) -> None:
    """Writes shape, weights, and how far the run had come; the tokenizer stays in the folder's own files."""
    # Queries and keys are normalised in Qwen3, and its files keep their rows in order.
    architecture = "qwen3" if model.query_key_norm else "llama"
    writer = GGUFWriter(path, architecture)
    writer.add_name("Palimpsest")
    writer.add_block_count(model.layers)
    writer.add_context_length(model.positions)
    writer.add_embedding_length(model.hidden)
    writer.add_feed_forward_length(model.intermediate)
    writer.add_head_count(model.heads)
    writer.add_head_count_kv(model.key_value_heads)
    writer.add_key_length(model.head_dimension)
    writer.add_value_length(model.head_dimension)
    writer.add_rope_freq_base(model.rope_theta)
    writer.add_layer_norm_rms_eps(model.norm_epsilon)
    writer.add_string(PROGRESS_KEY, json.dumps(asdict(progress)))
    for name, tensor in tensors.items():
        kind = type_of(name, tensor, rounding.mlp, rounding.rest)
        values = tensor.float().numpy()
        if architecture == "llama" and name.endswith(("q_proj.weight", "k_proj.weight")):
            values = permuted(values, model.heads if "q_proj" in name else model.key_value_heads)
        packed = rounding.packed.get(name)
        if packed is None:
            packed = quantize(np.ascontiguousarray(values), kind)
        writer.add_tensor(gguf_name(name), packed, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def pack(folder: Path, out: Path, mlp: str, rest: str, compensate: Path | None = None) -> Path:
    """Writes the packed folder, its weights last and under their name only when they are whole; returns their file.

    `compensate`: packed data on whose training rows the MLPs' rounding is made up for; `mlp` is then Q4_1.

    Raises CheckpointError where `folder` is not an exported one, or a width is not a multiple of a block.
    """
    weights = load_weights(folder)
    if weights.model.hidden % 32 or weights.model.intermediate % 32:
        raise CheckpointError(f"{folder} has widths that blocks of 32 do not divide: it cannot be packed.")
    rounding = Rounding(mlp, rest)
    if compensate is not None:
        if mlp != MLP:
            raise CheckpointError(f"--compensate rounds to {MLP}: leave --mlp out.")
        model = Decoder(weights.model)
        model.load_state_dict(weights.tensors)
        recipe = RowRecipe(kind="fim", plain=0.0, canvas_share=0.0, rename=0.0, echo=0.0)
        rows = open_source(compensate, "train", folder, ROW_LENGTH, 1, recipe)
        rounding = Rounding(mlp, rest, compensated(model, rows))
    out.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", *TOKENIZER_FILES, CARD):
        if (folder / name).exists():
            shutil.copyfile(folder / name, out / name)
    partial = out / f"{PACKED_WEIGHTS}.part"
    try:
        write_gguf(partial, weights.tensors, weights.model, rounding, weights.progress)
        partial.replace(out / PACKED_WEIGHTS)
    finally:
        partial.unlink(missing_ok=True)
    return out / PACKED_WEIGHTS


@torch.no_grad()
def held_losses(model: Decoder, held: RowSource) -> tuple[float, float]:
    """Next-token loss on plain rows, and the loss of answers read behind both sides, in nats a token."""
    totals = torch.zeros(2)
    for first in range(0, HELD_ROWS, 2):
        numbers = range(first, first + 2)
        plain = losses_of(model, held.next_token_batch(numbers))
        holes = losses_of(model, held.canvas_batch(numbers, Noise(ceiling=1.0, weighted=False)))
        totals += torch.stack([plain.next_token.float(), holes.middle.float()])
    next_token, middle = (totals * 2 / HELD_ROWS).tolist()
    return next_token, middle


def measure(folder: Path, data: Path, length: int) -> list[str]:
    """Lines of a table: bytes and held-out losses as exported and under each of ROUNDINGS."""
    weights = load_weights(folder)
    recipe = RowRecipe(kind="fim", plain=0.0, canvas_share=0.0, rename=0.0, echo=0.0)
    held = open_source(data, "held", folder, length, 0, recipe)
    model = Decoder(weights.model)
    lines = ["| MLPs | rest | MB | next token | answers |", "| --- | --- | ---: | ---: | ---: |"]
    for kinds in (None, *ROUNDINGS):
        tensors = weights.tensors if kinds is None else rounded(weights.tensors, *kinds)
        model.load_state_dict(tensors)
        dtype = working_type(torch.device("cpu")) if kinds is None else torch.float32
        next_token, middle = held_losses(model.to(dtype), held)
        size = "" if kinds is None else f"{_bytes_of(weights.tensors, *kinds) / 1e6:.2f}"
        mlp, rest = ("as exported", "") if kinds is None else kinds
        lines.append(f"| {mlp} | {rest} | {size} | {next_token:.4f} | {middle:.4f} |")
    return lines


def _bytes_of(tensors: dict[str, Tensor], mlp: str, rest: str) -> int:
    total = 0
    for name, tensor in tensors.items():
        row = np.zeros((1, tensor.shape[-1]), dtype=np.float32)
        total += quantize(row, type_of(name, tensor, mlp, rest)).nbytes * (tensor.numel() // tensor.shape[-1])
    return total


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="a folder that training.release.export wrote")
    parser.add_argument("--out", type=Path, help="where the packed folder goes")
    parser.add_argument("--mlp", choices=TYPES, default=MLP)
    parser.add_argument("--rest", choices=TYPES, default=REST)
    parser.add_argument("--held", type=Path, help="measure on this packed data instead of writing")
    parser.add_argument("--compensate", type=Path, help="packed data to round the MLPs by")
    parser.add_argument("--length", type=int, default=ROW_LENGTH, help="clean tokens in a measured row")
    options = parser.parse_args()
    if (options.out is None) == (options.held is None):
        sys.exit("Give either --out to write the packed folder, or --held to measure the roundings.")
    try:
        if options.held is not None:
            print("\n".join(measure(options.folder, options.held, options.length)))
            return
        file = pack(options.folder, options.out, options.mlp, options.rest, options.compensate)
    except CheckpointError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"The packed folder could not be written to {options.out}: {error.strerror}. Free some space.")
    config = json.loads((options.out / "config.json").read_text(encoding="utf-8"))
    print(f"Packed {config['num_hidden_layers']} layers into {file} ({file.stat().st_size / 1e6:.1f} MB).")


if __name__ == "__main__":
    main()
