"""PyTorch's side of the benches forward and gpu: the same decoder on the same weights, in eager mode.

Reads one JSON object a line on standard input and answers each with one:
  {"do": "open", "folder", "dtype", "device", "threads", "tokens", "rows", "past"}   → {"version", "device", "best"}
  {"do": "run"}                                                                     → {"wall", "cpu"} in milliseconds
`tokens` new tokens, causal, behind `past` cached ones; the last `rows` of them go through the head.
"""

import json
import struct
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F


def load(folder: Path, dtype: torch.dtype, device: str) -> tuple[dict, dict]:
    config = json.loads((folder / "config.json").read_text())
    with open(folder / "model.safetensors", "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        start = 8 + length
    data = torch.from_file(
        str(folder / "model.safetensors"), size=(folder / "model.safetensors").stat().st_size, dtype=torch.uint8
    )
    weights = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        raw = data[start + begin : start + end].clone().view(torch.bfloat16)
        weights[name] = raw.reshape(entry["shape"]).to(device=device, dtype=dtype)
    return config, weights


class Decoder:
    def __init__(self, request: dict):
        self.device = request["device"]
        dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[request["dtype"]]
        config, self.weights = load(Path(request["folder"]), dtype, self.device)
        self.layers = config["num_hidden_layers"]
        self.heads = config["num_attention_heads"]
        self.kv_heads = config["num_key_value_heads"]
        self.head_dim = config["head_dim"]
        self.epsilon = config["rms_norm_eps"]
        tokens, past = request["tokens"], request["past"]
        self.rows = request["rows"]
        steps = torch.arange(tokens)
        self.ids = ((steps * 7919 + 11) % config["vocab_size"]).to(self.device)
        half = torch.arange(0, self.head_dim, 2, dtype=torch.float32) / self.head_dim
        angles = torch.outer((steps + past).float(), config["rope_theta"] ** -half)
        angles = torch.cat([angles, angles], dim=-1).to(self.device)
        self.cos, self.sin = angles.cos().to(dtype), angles.sin().to(dtype)
        # Behind cached tokens the new ones are a denoise step: they see everything.
        self.causal = past == 0
        cached = (1, self.kv_heads, past, self.head_dim)
        self.past = [(torch.zeros(cached, dtype=dtype, device=self.device),) * 2 for _ in range(self.layers)]

    def rotate(self, x: torch.Tensor) -> torch.Tensor:
        a, b = x.chunk(2, dim=-1)
        return x * self.cos + torch.cat([-b, a], dim=-1) * self.sin

    def norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return F.rms_norm(x, (x.shape[-1],), self.weights[name + ".weight"], self.epsilon)

    @torch.inference_mode()
    def forward(self) -> torch.Tensor:
        weights = self.weights
        x = weights["model.embed_tokens.weight"][self.ids][None]
        for layer in range(self.layers):
            name = f"model.layers.{layer}."

            def project(x, part, count):
                return F.linear(x, weights[name + part]).unflatten(-1, (count, self.head_dim)).transpose(1, 2)

            h = self.norm(x, name + "input_layernorm")
            query = self.rotate(project(h, "self_attn.q_proj.weight", self.heads))
            key = self.rotate(project(h, "self_attn.k_proj.weight", self.kv_heads))
            value = project(h, "self_attn.v_proj.weight", self.kv_heads)
            past_key, past_value = self.past[layer]
            if past_key.shape[2] > 0:
                key, value = torch.cat([past_key, key], dim=2), torch.cat([past_value, value], dim=2)
            attended = F.scaled_dot_product_attention(
                query, key, value, is_causal=self.causal, enable_gqa=self.heads != self.kv_heads
            )
            attended = attended.transpose(1, 2).flatten(2)
            if layer == self.layers - 1:
                attended, x = attended[:, -self.rows :], x[:, -self.rows :]
            x = x + F.linear(attended, weights[name + "self_attn.o_proj.weight"])
            h = self.norm(x, name + "post_attention_layernorm")
            gate = F.silu(F.linear(h, weights[name + "mlp.gate_proj.weight"]))
            up = F.linear(h, weights[name + "mlp.up_proj.weight"])
            x = x + F.linear(gate * up, weights[name + "mlp.down_proj.weight"])
        head = weights.get("lm_head.weight", weights["model.embed_tokens.weight"])
        return F.linear(self.norm(x, "model.norm"), head)

    def finish(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()


def answer(line: str, state: dict) -> dict:
    request = json.loads(line)
    if request["do"] == "open":
        if request["device"] == "cuda" and not torch.cuda.is_available():
            return {"error": "PyTorch sees no GPU."}
        torch.set_num_threads(request["threads"])
        state["decoder"] = Decoder(request)
        best = int(state["decoder"].forward()[0, -1].argmax())
        name = torch.cuda.get_device_name() if request["device"] == "cuda" else "cpu"
        return {"version": torch.__version__, "device": name, "best": best}
    decoder = state["decoder"]
    wall, cpu = time.perf_counter(), time.process_time()
    decoder.forward()
    decoder.finish()
    return {"wall": 1000 * (time.perf_counter() - wall), "cpu": 1000 * (time.process_time() - cpu)}


def main() -> None:
    state: dict = {}
    for line in sys.stdin:
        try:
            reply = answer(line, state)
        except Exception as error:  # Told to whoever asked; the process goes on.
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()
