"""The tokenizer: byte-level BPE in the Hugging Face format, with OPT's special tokens and its rule of beginning with </s>."""

import json

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
# Turn markers are pieces of their own, so one token ends a reply. Digits stand alone, so sums have columns; so do spelled letters (Q-U-I).
PATTERN = r"\nHuman:|\nAssistant:|\s(?=\p{Lu}-\p{Lu})| ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s"


def train(lines, vocabulary):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(PATTERN), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=[AddedToken(t, special=True, normalized=False) for t in SPECIAL],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), min_frequency=2, show_progress=False,
    )
    tokenizer.train_from_iterator(lines, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="</s> $A", pair="</s> $A </s> $B", special_tokens=[("</s>", 2)])
    return tokenizer


def load(path):
    """For training: special tokens in a text are plain text, as in the chat."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.encode_special_tokens = True
    return tokenizer


def spelling_pieces(tokenizer):
    """The vocabulary's pieces of letters: material for spelling exercises, so that every piece's letters are learned."""
    pieces = set()
    for token_id in range(len(SPECIAL), tokenizer.get_vocab_size()):
        text = tokenizer.decode([token_id]).strip().lower()
        if 1 < len(text) <= 12 and text.isalpha() and all(c in "abcdefghijklmnopqrstuvwxyzáéíóúüñ" for c in text):
            pieces.add(text)
    return tuple(sorted(pieces))


def write_config(folder, positions):
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "</s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>",
                "add_bos_token": True, "model_max_length": positions, "clean_up_tokenization_spaces": False,
            },
            indent=2,
        )
        + "\n"
    )
