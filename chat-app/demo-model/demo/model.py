"""OPT as transformers' OPTForCausalLM computes it: pre-LN, ReLU, learned positions with offset 2, tied head."""

import json
from dataclasses import asdict, dataclass

import torch
from torch import nn
from torch.nn import functional


@dataclass(frozen=True)
class Geometry:
    vocabulary: int = 2560
    width: int = 256
    layers: int = 6
    heads: int = 8
    ffn: int = 896
    positions: int = 2048


MAIN = Geometry()
DRAFT = Geometry(width=64, layers=4, heads=2, ffn=256)


class Layer(nn.Module):
    def __init__(self, g):
        super().__init__()
        self.heads = g.heads
        self.self_attn_layer_norm = nn.LayerNorm(g.width)
        self.self_attn = nn.ModuleDict({name: nn.Linear(g.width, g.width) for name in ("q_proj", "k_proj", "v_proj", "out_proj")})
        self.final_layer_norm = nn.LayerNorm(g.width)
        self.fc1 = nn.Linear(g.width, g.ffn)
        self.fc2 = nn.Linear(g.ffn, g.width)

    def forward(self, x):
        batch, length, width = x.shape
        h = self.self_attn_layer_norm(x)
        q, k, v = (self.self_attn[n](h).view(batch, length, self.heads, -1).transpose(1, 2) for n in ("q_proj", "k_proj", "v_proj"))
        a = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.self_attn["out_proj"](a.transpose(1, 2).reshape(batch, length, width))
        return x + self.fc2(self.active(x))

    def active(self, x):
        """The FFN's hidden neurons after ReLU."""
        return functional.relu(self.fc1(self.final_layer_norm(x)))


class Opt(nn.Module):
    def __init__(self, g):
        super().__init__()
        self.geometry = g
        self.embed_tokens = nn.Embedding(g.vocabulary, g.width)
        self.embed_positions = nn.Embedding(g.positions + 2, g.width)
        self.layers = nn.ModuleList(Layer(g) for _ in range(g.layers))
        self.final_layer_norm = nn.LayerNorm(g.width)
        for name, p in self.named_parameters():
            if p.dim() > 1:
                std = 0.02 / (2 * g.layers) ** 0.5 if "out_proj" in name or "fc2" in name else 0.02
                nn.init.normal_(p, std=std)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def hidden(self, ids):
        positions = torch.arange(2, ids.shape[1] + 2, device=ids.device)
        x = self.embed_tokens(ids) + self.embed_positions(positions)
        for layer in self.layers:
            x = layer(x)
        return self.final_layer_norm(x)

    def forward(self, ids):
        return functional.linear(self.hidden(ids), self.embed_tokens.weight)

    def loss(self, ids, targets, weights):
        """Mean cross entropy of the targets by weight."""
        logits = self(ids).float()
        each = functional.cross_entropy(logits.view(-1, logits.shape[-1]), targets.reshape(-1), reduction="none")
        flat = weights.reshape(-1)
        return (each * flat).sum() / flat.sum().clamp(min=1.0)

    def last_logits(self, ids, lengths):
        """Logits behind the last real token of each padded row."""
        h = self.hidden(ids)[torch.arange(len(lengths), device=ids.device), lengths - 1]
        return functional.linear(h, self.embed_tokens.weight)

    def parameter_count(self):
        return sum(p.numel() for p in self.parameters())


def config(g):
    return {
        "architectures": ["OPTForCausalLM"], "model_type": "opt", "activation_function": "relu", "vocab_size": g.vocabulary, "hidden_size": g.width,
        "word_embed_proj_dim": g.width, "num_hidden_layers": g.layers, "num_attention_heads": g.heads, "ffn_dim": g.ffn, "max_position_embeddings": g.positions,
        "do_layer_norm_before": True, "enable_bias": True, "layer_norm_elementwise_affine": True, "_remove_final_layer_norm": False, "tie_word_embeddings": True,
        "dropout": 0.0, "attention_dropout": 0.0, "layerdrop": 0.0, "init_std": 0.02, "use_cache": True, "bos_token_id": 2, "eos_token_id": 2, "pad_token_id": 1,
        "torch_dtype": "float16",
    }


def save(model, folder):
    """Writes config.json, generation_config.json and model.safetensors (F16)."""
    from safetensors.torch import save_file

    tensors = {f"model.decoder.{name}": p.detach().half().cpu().contiguous() for name, p in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config(model.geometry), indent=2) + "\n")
    generation = {"bos_token_id": 2, "eos_token_id": 2, "pad_token_id": 1, "do_sample": False}
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n")


def load(folder):
    """The saved model, F16 weights held as F32."""
    from safetensors.torch import load_file

    c = json.loads((folder / "config.json").read_text())
    g = Geometry(c["vocab_size"], c["hidden_size"], c["num_hidden_layers"], c["num_attention_heads"], c["ffn_dim"], c["max_position_embeddings"])
    model = Opt(g)
    model.load_state_dict({k.removeprefix("model.decoder."): t.float() for k, t in load_file(folder / "model.safetensors").items()})
    return model.eval()


def describe(g):
    return asdict(g)
