"""Training batches, made by all cores while the accelerator trains. Batch i depends on (seed, i) alone."""

import multiprocessing
import os
import random

import numpy

from . import tokens
from .compose import FLAG_SHIFT, Composer, token_row

LENGTHS = (256, 512, 1024, 2048)
SHARES = (0.22, 0.25, 0.23, 0.30)  # of all tokens
_worker = {}


def _begin(tokenizer_path):
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    tokenizer = tokens.load(tokenizer_path)
    _worker["tokenizer"] = tokenizer
    _worker["composer"] = Composer(tokens.spelling_pieces(tokenizer))


def _make(job):
    seed, index, batch_tokens, held_out = job
    rng = random.Random(f"{seed}/{index}/{held_out}")
    length = rng.choices(LENGTHS, SHARES)[0]
    rows = [token_row(rng, _worker["composer"], _worker["tokenizer"], length + 1, held_out) for _ in range(max(1, batch_tokens // length))]
    return numpy.array(rows, dtype=numpy.uint16)


class Batches:
    """An ordered stream of arrays [rows, length + 1] of id | flag << 12."""

    def __init__(self, tokenizer_path, workers=0):
        count = workers or max(1, (os.cpu_count() or 2) - 1)
        self.pool = multiprocessing.get_context("fork").Pool(count, _begin, (str(tokenizer_path),))

    def stream(self, seed, first, count, batch_tokens, held_out=False):
        return self.pool.imap(_make, ((seed, i, batch_tokens, held_out) for i in range(first, first + count)), chunksize=1)

    def close(self):
        self.pool.terminate()
        self.pool.join()


def split(array, device):
    """ids, targets and flags of the targets."""
    import torch

    row = torch.from_numpy(array.astype(numpy.int32)).to(device, non_blocking=True)
    ids = row & (1 << FLAG_SHIFT) - 1
    return ids[:, :-1].long(), ids[:, 1:].long(), row[:, 1:] >> FLAG_SHIFT
