#!/usr/bin/env python3
"""A conversation with a trained model, one turn per line of standard input, replies on standard output.

    printf 'My name is Ana and I live in Quito.\\nWhere do I live?\\n' | python3 talk.py --model build/demo
"""

import argparse
import pathlib
import sys

import torch

from demo import tokens
from demo.dialogue import PREAMBLE, prompt
from demo.model import load


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--preamble", default=PREAMBLE)
    parser.add_argument("--max-new-tokens", type=int, default=96)
    arguments = parser.parse_args()
    tokenizer = tokens.load(arguments.model / "tokenizer.json")
    model = load(arguments.model)
    stop = tokenizer.token_to_id("ĊHuman:")
    history = []
    for line in sys.stdin:
        text = line.rstrip("\n")
        ids = [2, *tokenizer.encode(prompt(arguments.preamble, history, text), add_special_tokens=False).ids]
        start = len(ids)
        while len(ids) < min(start + arguments.max_new_tokens, model.geometry.positions):
            following = int(model.last_logits(torch.tensor([ids]), torch.tensor([len(ids)])).argmax())
            if following in (stop, 2):
                break
            ids.append(following)
        reply = tokenizer.decode(ids[start:]).strip()
        print(reply, flush=True)
        history.append((text, reply))


if __name__ == "__main__":
    main()
