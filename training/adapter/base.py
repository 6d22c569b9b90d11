"""The frozen base: a published decoder of the architectures llama and qwen2, from a GGUF file or a folder.

From a GGUF file come the weights as they were rounded, so that the adapter learns on what is run.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from tokenizers import Tokenizer
from torch import Tensor

from training.adapter.tokens import tokenizer_of
from training.convert.base import BaseError, read_facts, shape_of, tensors_of
from training.model.config import ModelConfig
from training.model.decoder import Decoder
from training.release.pieces import digest

ARCHITECTURES = ("llama", "qwen2")
PLAIN_ROPE = (None, "none", "default")


@dataclass(frozen=True)
class FrozenBase:
    """A base: `files` are the digests of its weight files by base name, `tensors` fp32 by the decoder's names."""

    name: str
    path: Path
    files: dict[str, str]
    model: ModelConfig
    tokenizer: Tokenizer = field(repr=False)
    tensors: dict[str, Tensor] = field(repr=False)

    def decoder(self, device: torch.device, dtype: torch.dtype) -> Decoder:
        """The network, of which nothing is ever trained."""
        with torch.device("meta"):
            model = Decoder(self.model)
        model.load_state_dict(self.tensors, assign=True)
        return model.to(device, dtype).requires_grad_(False).eval()


def weight_files(path: Path) -> list[Path]:
    """A base's weight files in order of name; raises BaseError where there are none."""
    # An adapter may have been exported into the folder.
    found = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
    files = [file for file in found if file.name != "adapter.safetensors"]
    if not files or not files[0].exists():
        raise BaseError(f"{path} is no base: give a .gguf file, or a folder with config.json and .safetensors files.")
    return files


def digests(path: Path) -> dict[str, str]:
    """SHA-256 of a base's weight files, by base name."""
    return {file.name: digest(file) for file in weight_files(path)}


def open_base(path: Path) -> FrozenBase:
    """Reads a base; raises BaseError where it is damaged, or computes something that our decoder does not."""
    weight_files(path)
    try:
        return _from_folder(path) if path.is_dir() else _from_file(path)
    except (OSError, KeyError, SafetensorError) as error:
        raise BaseError(f"{path} cannot be read as a base ({type(error).__name__}: {error}): get it again.") from error
    except ValueError as error:
        # What ModelConfig says of a shape.
        raise BaseError(f"{path} has a shape that cannot be trained on: {error} Choose another base.") from error


def _from_file(path: Path) -> FrozenBase:
    reader, facts = read_facts(path)
    architecture = facts.get("general.architecture")
    _require(path, "architecture", architecture, ARCHITECTURES)
    _require(path, "rope scaling", facts.get(f"{architecture}.rope.scaling.type"), PLAIN_ROPE)
    found = {tensor.name: tensor for tensor in reader.tensors}
    if "token_embd.weight" not in found:
        raise BaseError(f"{path} lacks token_embd.weight: get it again.")
    if "rope_freqs.weight" in found:
        raise BaseError(
            f"{path} scales its rotary positions (rope_freqs), which is not supported: choose another base."
        )
    rows = int(found["token_embd.weight"].shape[-1])
    model = shape_of(facts, str(architecture), rows, tied="output.weight" not in found)
    return FrozenBase(
        name=str(facts.get("general.name", path.stem)),
        path=path,
        files=digests(path),
        model=model,
        tokenizer=tokenizer_of(facts),
        tensors=tensors_of(path, reader, model),
    )


def _from_folder(folder: Path) -> FrozenBase:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    model = _shape(folder, config)
    with torch.device("meta"):
        wanted = Decoder(model).state_dict()
    tensors: dict[str, Tensor] = {}
    for file in weight_files(folder):
        with safe_open(file, "pt") as content:
            for name in content.keys():  # noqa: SIM118
                ours = name.removeprefix("model.")
                if ours in wanted:
                    tensors[ours] = content.get_tensor(name).float()
    for name, tensor in wanted.items():
        if name not in tensors or tensors[name].shape != tensor.shape:
            raise BaseError(f"{folder} lacks {name}, or it has another shape than config.json says: get it again.")
    tokenizer = folder / "tokenizer.json"
    if not tokenizer.exists():
        raise BaseError(f"{folder} has no tokenizer.json: get it from where the model is published.")
    return FrozenBase(
        name=Path(config.get("_name_or_path") or folder.resolve().name).name,
        path=folder,
        files=digests(folder),
        model=model,
        tokenizer=Tokenizer.from_file(str(tokenizer)),
        tensors=tensors,
    )


def _shape(folder: Path, config: dict[str, Any]) -> ModelConfig:
    """The shape that a config.json of Hugging Face's describes; what would change the computation is refused."""
    _require(folder, "model_type", config.get("model_type"), ARCHITECTURES)
    _require(folder, "hidden_act", config.get("hidden_act", "silu"), ("silu",))
    for name in ("quantization_config", "mlp_bias", "use_sliding_window"):
        _require(folder, name, config.get(name) or None, (None,))
    # Biases of llama would stand in the last projection of attention, too.
    if config["model_type"] == "llama":
        _require(folder, "attention_bias", config.get("attention_bias") or None, (None,))
    # Newer versions of the library write theta and its scaling as one entry.
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    _require(folder, "rope scaling", rope.get("rope_type", rope.get("type")), PLAIN_ROPE)
    hidden, heads = config["hidden_size"], config["num_attention_heads"]
    return ModelConfig(
        vocabulary=config["vocab_size"],
        hidden=hidden,
        layers=config["num_hidden_layers"],
        heads=heads,
        key_value_heads=config.get("num_key_value_heads") or heads,
        head_dimension=config.get("head_dim") or hidden // heads,
        intermediate=config["intermediate_size"],
        norm_epsilon=config["rms_norm_eps"],
        rope_theta=float(config.get("rope_theta") or rope.get("rope_theta", 10_000.0)),
        positions=config["max_position_embeddings"],
        query_key_norm=False,
        attention_bias=config["model_type"] == "qwen2",
        tied=config.get("tie_word_embeddings", False),
    )


def _require(path: Path, what: str, value: object, known: tuple[object, ...]) -> None:
    if value not in known:
        names = ", ".join(str(name) for name in known if name is not None) or "none"
        raise BaseError(f"{path} has the {what} {value}, which is not supported ({names}): choose another base.")
