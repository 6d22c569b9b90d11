"""What a model is made of, and how that is written in a checkpoint's config.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

BLOCK = 16
"""Tokens in a block of a canvas."""
GAP = 128
"""Positions that a hole takes, whatever its length: the true distance would give the length away."""
MAX_BLOCKS = GAP // BLOCK


@dataclass(frozen=True)
class RowRecipe:
    """How the rows of the diffusion stage are made.

    `kind`: cached canvases, or masks in place with expand and delete (the study compares them), or what a converted
    autoregressive model learns (fim.py): the suffix numbered before the prefix, the answer read behind both.
    `trailing_end`: weight of the end tokens behind the first one of a canvas. Below 1, the model underrates by that
    factor how probably a place lies behind the end, and fills it with rubbish before the end is reached.
    `rename`: share of samples whose names are exchanged for those of another file; `echo`: share in which a few lines
    are repeated. Both make copying from the context the only way to be right, which a small model learns late
    from plain code. `clipped`: see schedule.draw_mask. `canvas_share`: tokens of canvases in a row, as a share of its
    clean tokens: each hole once, and then further maskings of the same blocks. `plain`: share of rows that are plain
    text for the next-token loss alone; rows with holes teach less of how text goes on unbroken. `blocks`: lengths of
    the noisy blocks of fim rows, drawn evenly.
    """

    kind: Literal["cached", "in place", "fim"] = "cached"
    trailing_end: float = 1.0
    rename: float = 0.25
    echo: float = 0.15
    clipped: bool = True
    canvas_share: float = 0.375
    plain: float = 0.0
    blocks: tuple[int, ...] = (BLOCK,)


@dataclass(frozen=True)
class ModelConfig:
    """Shape of a Qwen3-like decoder. Every width is a multiple of 64, for blockwise quantisation."""

    vocabulary: int = 8192
    hidden: int = 320
    layers: int = 5
    heads: int = 5
    key_value_heads: int = 5
    head_dimension: int = 64
    intermediate: int = 896
    norm_epsilon: float = 1e-6
    rope_theta: float = 10_000.0
    positions: int = 2048
    query_key_norm: bool = True
    """Whether queries and keys are normalised, as in Qwen3; Llama's are not."""
    attention_bias: bool = False
    """Whether queries, keys and values have biases, as in Qwen2."""
    tied: bool = True
    """Whether the head is the table of embeddings; else it is a matrix of its own."""

    def __post_init__(self) -> None:
        for name in ("vocabulary", "hidden", "intermediate", "head_dimension"):
            if getattr(self, name) % 64:
                raise ValueError(f"{name} is {getattr(self, name)}: it must be a multiple of 64.")
        if self.heads % self.key_value_heads:
            raise ValueError("The heads must be a multiple of the key/value heads.")

    def to_checkpoint(
        self, context: int, suffix_first: bool = False, block: int = BLOCK, in_place: bool = False
    ) -> dict[str, object]:
        """The contents of config.json.

        `context` is the length of the rows in training: nothing further was seen. `suffix_first`: trained on fim rows;
        `block`: places that are denoised together, 1 for left to right. `in_place`: trained on masks in place; that is
        Qwen3's shape, with a palimpsest.json beside it.
        """
        if in_place:
            return {
                "architectures": ["Qwen3ForCausalLM"],
                "model_type": "qwen3",
                **self._sizes(),
                "max_position_embeddings": context,
            }
        canvas = {"suffix_first": True, "format": 2} if suffix_first else {"format": 1}
        return {
            "architectures": ["PalimpsestForInfilling"],
            "model_type": "palimpsest",
            **self._sizes(),
            "palimpsest": {
                "attention": "cached-canvas",
                "block_length": block,
                "hole_gap": GAP,
                "suffix_sees_prefix": False,
                "context_tokens": context,
                **canvas,
            },
        }

    def _sizes(self) -> dict[str, object]:
        return {
            "vocab_size": self.vocabulary,
            "hidden_size": self.hidden,
            "intermediate_size": self.intermediate,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.key_value_heads,
            "head_dim": self.head_dimension,
            "hidden_act": "silu",
            "attention_bias": False,
            "query_key_norm": self.query_key_norm,
            "rms_norm_eps": self.norm_epsilon,
            "rope_theta": self.rope_theta,
            "max_position_embeddings": self.positions,
            "tie_word_embeddings": True,
            "torch_dtype": "bfloat16",
        }

    @staticmethod
    def from_checkpoint(config: dict[str, Any]) -> ModelConfig:
        """The shape that a config.json describes; raises KeyError or ValueError where it is not one of ours."""
        return ModelConfig(
            vocabulary=config["vocab_size"],
            hidden=config["hidden_size"],
            layers=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
            key_value_heads=config["num_key_value_heads"],
            head_dimension=config["head_dim"],
            intermediate=config["intermediate_size"],
            norm_epsilon=config["rms_norm_eps"],
            rope_theta=config["rope_theta"],
            positions=config["max_position_embeddings"],
            query_key_norm=config.get("query_key_norm", True),
        )


SIZES: dict[str, ModelConfig] = {
    "smoke": ModelConfig(vocabulary=1024, hidden=64, layers=2, heads=1, key_value_heads=1, intermediate=192),
    "1m": ModelConfig(hidden=128, layers=4, heads=2, key_value_heads=2, intermediate=384),
    "3m": ModelConfig(hidden=256, layers=4, heads=4, key_value_heads=4, intermediate=704),
    "6m": ModelConfig(),
    "12m": ModelConfig(hidden=384, layers=7, heads=6, key_value_heads=6, intermediate=1024),
    "25m": ModelConfig(hidden=512, layers=8, heads=8, key_value_heads=8, intermediate=1408),
    "tiny-base": ModelConfig(
        vocabulary=320,
        hidden=128,
        layers=2,
        heads=2,
        key_value_heads=1,
        intermediate=192,
        norm_epsilon=1e-5,
        positions=512,
        query_key_norm=False,
    ),
    # SmolLM2-135M with a vocabulary cut to code; see training.convert.
    "135m": ModelConfig(
        vocabulary=16_384,
        hidden=576,
        layers=30,
        heads=9,
        key_value_heads=3,
        intermediate=1536,
        norm_epsilon=1e-5,
        rope_theta=100_000.0,
        positions=8192,
        query_key_norm=False,
    ),
    "50m": ModelConfig(hidden=640, layers=10, heads=10, key_value_heads=10, intermediate=1792),
}
