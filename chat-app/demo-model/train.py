#!/usr/bin/env python3
"""Trains the demo model and its small draft sibling from nothing and writes ordinary Hugging Face folders.

    python3 train.py --out build            # needs torch, numpy, tokenizers, safetensors; minutes on one large GPU
    python3 train.py --out build --smoke    # a few steps on a CPU, to see that everything works

All data come from the generator in demo/. The same seed and steps give the same data and the same start weights.
"""

import argparse
import json
import math
import pathlib
import time

import torch

from demo import compose, tokens
from demo.batches import Batches, split
from demo.compose import REPLY, USER
from demo.model import DRAFT, MAIN, Geometry, Opt, describe, save

USER_WEIGHT = 0.1  # what the user types is context, not what the model has to say


def learning_rate(step, steps, peak, warmup=200):
    """Linear warm-up, then linear decay to zero."""
    return peak * min((step + 1) / warmup, max(0.0, (steps - step) / max(1, steps - warmup)))


def weights_of(flags):
    return (flags == REPLY).float() + USER_WEIGHT * (flags == USER).float()


def train(geometry, batches, arguments, steps, peak, name):
    device = arguments.device
    torch.manual_seed(arguments.seed)
    model = Opt(geometry).to(device)
    print(f"{name}: {model.parameter_count():,} parameters, {steps} steps of {arguments.batch_tokens:,} tokens", flush=True)
    matrices = [p for n, p in model.named_parameters() if p.dim() > 1 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.dim() == 1 or "embed" in n]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}], lr=peak, betas=(0.9, 0.98), eps=1e-9, fused=device == "cuda"
    )
    loss_of = torch.compile(model.loss, dynamic=True) if device == "cuda" else model.loss
    start, seen, running, waited = time.time(), 0, [], 0.0
    stream = batches.stream(arguments.seed, 0, steps, arguments.batch_tokens)
    for step in range(steps):
        before = time.time()
        array = next(stream)
        waited += time.time() - before
        ids, targets, flags = split(array, device)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, peak)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=device == "cuda"):
            loss = loss_of(ids, targets, weights_of(flags))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        seen += ids.numel()
        running.append(loss.detach())
        if step % arguments.report == arguments.report - 1 or step == steps - 1:
            mean = torch.stack(running).mean().item()
            running = []
            spent = time.time() - start
            print(f"{name} step {step + 1} loss {mean:.4f} {seen / spent / 1e6:.2f} Mtok/s {spent:.0f} s, waited for data {waited:.0f} s", flush=True)
            if not math.isfinite(mean):
                raise SystemExit("the loss is not finite")
            if arguments.until and time.time() > arguments.until:
                raise SystemExit(f"{name}: out of time at step {step + 1}")
    return model.eval(), {"parameters": model.parameter_count(), "steps": steps, "tokens": seen, "seconds": round(time.time() - start), "geometry": describe(geometry)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for demo/ and demo-draft/")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--draft-steps", type=int, default=3000)
    parser.add_argument("--batch-tokens", type=int, default=131072)
    parser.add_argument("--vocabulary", type=int, default=MAIN.vocabulary)
    parser.add_argument("--tokenizer", type=pathlib.Path, help="use this tokenizer.json instead of training one")
    parser.add_argument("--report", type=int, default=200, help="steps between progress lines")
    parser.add_argument("--workers", type=int, default=0, help="data processes; 0 = all cores but one")
    parser.add_argument("--only", choices=("demo", "demo-draft"))
    parser.add_argument("--time-limit", type=float, default=0, help="stop with an error after so many seconds; 0 = never")
    parser.add_argument("--smoke", action="store_true", help="tiny model, few steps")
    arguments = parser.parse_args()
    arguments.device = "cuda" if torch.cuda.is_available() else "cpu"
    arguments.until = time.time() + arguments.time_limit if arguments.time_limit else 0
    torch.set_float32_matmul_precision("high")
    main_geometry, draft_geometry = MAIN, DRAFT
    if arguments.smoke:
        arguments.steps = arguments.draft_steps = 12
        arguments.batch_tokens, arguments.report, arguments.workers = 4096, 4, 1
        main_geometry = Geometry(width=64, layers=2, heads=2, ffn=128)

    folders = {"demo": (main_geometry, arguments.steps, 2.5e-3), "demo-draft": (draft_geometry, arguments.draft_steps, 5e-3)}
    tokenizer_path = arguments.tokenizer
    if not tokenizer_path:
        arguments.out.mkdir(parents=True, exist_ok=True)
        tokenizer_path = arguments.out / "tokenizer.json"
        tokenizer = tokens.train(compose.text_lines(arguments.seed, 1000 if arguments.smoke else 30000), arguments.vocabulary)
        tokenizer.save(str(tokenizer_path), pretty=False)
    batches = Batches(tokenizer_path, arguments.workers)
    try:
        for name, (geometry, steps, peak) in folders.items():
            if arguments.only in (None, name):
                model, report = train(geometry, batches, arguments, steps, peak, name)
                folder = arguments.out / name
                folder.mkdir(parents=True, exist_ok=True)
                save(model, folder)
                (folder / "tokenizer.json").write_bytes(tokenizer_path.read_bytes())
                tokens.write_config(folder, geometry.positions)
                report["seed"] = arguments.seed
                (arguments.out / f"{name}-training.json").write_text(json.dumps(report, indent=2) + "\n")
                print(json.dumps(report), flush=True)
    finally:
        batches.close()


if __name__ == "__main__":
    main()
