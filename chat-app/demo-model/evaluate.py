#!/usr/bin/env python3
"""Judges a trained model on the held-out set, or writes that set as JSON Lines for other programs.

    python3 evaluate.py --model build/demo --report build/demo-quality.json
    python3 evaluate.py --model build/demo --write-set eval            # eval/heldout.jsonl, short.jsonl, perplexity.jsonl
"""

import argparse
import collections
import json
import math
import pathlib
import random

import torch
from torch.nn import functional

from demo import heldout, tokens
from demo.compose import FLAG_SHIFT, REPLY, Composer, token_row
from demo.model import load

SEED = 2026
STOP = "\nHuman:"
NEW_TOKENS = 96


def greedy(model, tokenizer, prompts, device, batch_tokens=120_000):
    """Greedy replies up to the stop string, many prompts at a time."""
    encoded = [[2, *tokenizer.encode(p, add_special_tokens=False).ids] for p in prompts]
    limit = model.geometry.positions
    longest = max(map(len, encoded))
    if longest >= limit:
        raise ValueError(f"a prompt has {longest} tokens, the model reads {limit}")
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
    stop = tokenizer.token_to_id("ĊHuman:")
    replies = [None] * len(prompts)
    while order:
        size = 1
        while size < len(order) and (size + 1) * (len(encoded[order[size]]) + NEW_TOKENS) <= batch_tokens:
            size += 1
        part, order = order[:size], order[size:]
        lengths = torch.tensor([len(encoded[i]) for i in part], device=device)
        width = min(limit, int(lengths.max()) + NEW_TOKENS)
        ids = torch.ones(size, width, dtype=torch.long, device=device)
        for row, i in enumerate(part):
            ids[row, : len(encoded[i])] = torch.tensor(encoded[i], device=device)
        begin, done = lengths.clone(), torch.zeros(size, dtype=torch.bool, device=device)
        for _ in range(NEW_TOKENS):
            used = int(lengths.max())
            following = model.last_logits(ids[:, :used], lengths).argmax(-1)
            done |= (following == stop) | (following == 2) | (lengths >= width)
            if bool(done.all()):
                break
            ids.scatter_(1, lengths.clamp(max=width - 1)[:, None], torch.where(done, ids.gather(1, lengths.clamp(max=width - 1)[:, None])[:, 0], following)[:, None])
            lengths = torch.where(done, lengths, lengths + 1)
        for row, i in enumerate(part):
            replies[i] = tokenizer.decode(ids[row, begin[row] : lengths[row]].tolist()).strip()
    return replies


def perplexity(model, tokenizer, device, dialogues=256, length=512):
    """On held-out dialogues: of the replies, and of all text."""
    composer = Composer(tokens.spelling_pieces(tokenizer))
    rng = random.Random(f"{SEED}/perplexity")
    rows = torch.tensor([token_row(rng, composer, tokenizer, length + 1, held_out=True) for _ in range(dialogues)])
    totals = collections.Counter()
    for part in rows.split(64):
        part = part.to(device)
        ids, flags = part & (1 << FLAG_SHIFT) - 1, part[:, 1:] >> FLAG_SHIFT
        loss = functional.cross_entropy(model(ids[:, :-1]).float().flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        reply = flags.flatten() == REPLY
        totals["reply"] += loss[reply].sum().item()
        totals["replies"] += int(reply.sum())
        totals["all"] += loss.sum().item()
        totals["count"] += loss.numel()
    return {"replies": math.exp(totals["reply"] / totals["replies"]), "all": math.exp(totals["all"] / totals["count"])}, rows


def zero_shares(model, rows, device):
    """Share of FFN neurons that are exactly zero, per layer."""
    shares, hooks = collections.defaultdict(list), []
    for i, layer in enumerate(model.layers):
        hooks.append(layer.fc2.register_forward_pre_hook(lambda module, inputs, i=i: shares[i].append((inputs[0] == 0).float().mean().item())))
    for part in (rows & (1 << FLAG_SHIFT) - 1)[:64].split(16):
        model.hidden(part[:, :-1].to(device))
    for hook in hooks:
        hook.remove()
    return [round(sum(shares[i]) / len(shares[i]), 4) for i in range(len(model.layers))]


def agreement(model, draft, rows, device):
    """Share of reply tokens on which the draft would guess what the model says: the acceptance rate of speculation by one token."""
    same = count = 0
    for part in rows.split(64):
        part = part.to(device)
        ids, reply = part[:, :-1] & (1 << FLAG_SHIFT) - 1, part[:, 1:] >> FLAG_SHIFT == REPLY
        equal = (model(ids).argmax(-1) == draft(ids).argmax(-1)) & reply
        same, count = same + int(equal.sum()), count + int(reply.sum())
    return same / count


def write_set(items, tokenizer, folder):
    """heldout.jsonl (all), short.jsonl (a few of each group), perplexity.jsonl (texts for `score`)."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for item in items:
        item = {k: v for k, v in item.items() if k != "prompt"}
        lines.append(json.dumps(item, ensure_ascii=True))
    (folder / "heldout.jsonl").write_text("\n".join(lines) + "\n")
    seen, short = collections.Counter(), []
    for item, line in zip(items, lines):
        seen[item["group"], item["language"]] += 1
        if seen[item["group"], item["language"]] <= 1:
            short.append(line)
    (folder / "short.jsonl").write_text("\n".join(short) + "\n")
    composer = Composer(tokens.spelling_pieces(tokenizer))
    with (folder / "perplexity.jsonl").open("w") as out:
        for i in range(40):
            rng = random.Random(f"{SEED}/texts/{i}")
            row = [t & (1 << FLAG_SHIFT) - 1 for t in token_row(rng, composer, tokenizer, 400, held_out=True)]
            text = tokenizer.decode(row, skip_special_tokens=True)
            text = text[: text.rfind(STOP)]
            out.write(json.dumps({"text": text}, ensure_ascii=True) + "\n")


def check_against_transformers(folder, model, rows, device):
    from transformers import OPTForCausalLM

    reference = OPTForCausalLM.from_pretrained(folder, torch_dtype=torch.float32).to(device).eval()
    ids = (rows[:4, :-1] & (1 << FLAG_SHIFT) - 1).to(device)
    worst = (reference(ids).logits - model(ids)).abs().max().item()
    print(f"largest difference of a logit from transformers: {worst:.2e}")


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--report", type=pathlib.Path)
    parser.add_argument("--write-set", type=pathlib.Path)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the held-out items")
    parser.add_argument("--group", action="append", help="only this group; may be repeated")
    parser.add_argument("--failures", type=int, default=6, help="failures to print per group")
    parser.add_argument("--draft", type=pathlib.Path, help="also compare this draft model with the model")
    parser.add_argument("--check-transformers", action="store_true")
    arguments = parser.parse_args()
    tokenizer = tokens.load(arguments.model / "tokenizer.json")
    items = list(heldout.items(SEED, tokens.spelling_pieces(tokenizer), arguments.scale))
    if arguments.group:
        items = [i for i in items if i["group"] in arguments.group]
    if arguments.write_set:
        write_set(items, tokenizer, arguments.write_set)
        return
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = load(arguments.model).to(device)
    scores, rows = perplexity(model, tokenizer, device, dialogues=256 if device == "cuda" else 32)
    print(f"perplexity of replies {scores['replies']:.4f}, of all text {scores['all']:.3f}", flush=True)
    zeros = zero_shares(model, rows, device)
    print("zero neurons per layer", zeros, flush=True)
    agreed = agreement(model, load(arguments.draft).to(device), rows, device) if arguments.draft else None
    if agreed is not None:
        print(f"the draft agrees on {100 * agreed:.1f} % of the reply tokens", flush=True)
    if arguments.check_transformers:
        check_against_transformers(arguments.model, model, rows, device)
    replies = greedy(model, tokenizer, [i["prompt"] for i in items], device, 120_000 if device == "cuda" else 8_000)
    right, total, failed = collections.Counter(), collections.Counter(), collections.defaultdict(list)
    for item, reply in zip(items, replies):
        for key in (item["group"], (item["group"], item["language"])):
            total[key] += 1
            right[key] += heldout.passes(item, reply)
        if not heldout.passes(item, reply):
            failed[item["group"]].append((item, reply))
    table = {}
    for group in [g for g in total if isinstance(g, str)]:
        row = {"all": right[group] / total[group], "items": total[group], **{lang: right[group, lang] / max(1, total[group, lang]) for lang in ("en", "es")}}
        table[group] = {k: round(v, 4) for k, v in row.items()}
        print(f"{group:22} {100 * row['all']:6.1f} %  en {100 * row['en']:6.1f}  es {100 * row['es']:6.1f}  of {row['items']}")
        for item, reply in failed[group][: arguments.failures]:
            print(f"    {item['question'][:110]!r} -> {reply[:110]!r} expected {str(item['expect'])[:90]}")
    if arguments.report:
        report = {"seed": SEED, "items": len(items), "perplexity": {k: round(v, 4) for k, v in scores.items()}, "zero_neurons_per_layer": zeros, "groups": table}
        if agreed is not None:
            report["draft_agreement"] = round(agreed, 4)
        arguments.report.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
