"""Whole dialogues: which turns follow each other, preambles, dropped old turns, and their token rows for training."""

import random

from . import belongings, memory, program, skills, smalltalk, words
from .dialogue import ASSISTANT, HUMAN, PREAMBLE, State
from .grammar import between, chance, pick

PREAMBLES = (
    "A chat between a curious human and a knowledgeable artificial intelligence assistant.",
    "A chat between a curious human and an artificial intelligence assistant.",
    "The following is a conversation between a human and an AI assistant.",
    "The following is a conversation with a helpful assistant.",
    "A conversation between a human and a helpful assistant.",
    "A dialogue between a person and an assistant.",
    "You are a helpful assistant.",
    "You are a friendly assistant. Answer briefly.",
    "The assistant is helpful, friendly and brief.",
    "Una conversación entre una persona y un asistente.",
    "Eres un asistente útil. Responde brevemente.",
    "Be kind.", "Answer in one sentence.", "You are a pirate.", "Speak like a poet.", "Sé amable.",
    "You are the assistant of flexgen-chat, a program that runs large language models on small machines.",
)
_RULES = {
    "en": ("You are a $w.", "Answer like a $w.", "The assistant is a $w from $c.", "Talk about $t.", "Always be polite.", "Keep it short.", "This is a $w."),
    "es": ("Eres un $w.", "Contesta como un $w.", "El asistente es un $w de $c.", "Habla de $t.", "Sé siempre amable.", "Sé breve."),
}


def preamble(rng, state):
    """The line in front of the dialogue, mostly the chat's own; it may tell facts about the user."""
    kind = rng.random()
    if kind < 0.5:
        return PREAMBLE
    if kind < 0.6:
        return ""
    if kind < 0.8:
        return pick(rng, PREAMBLES)
    lang = state.lang
    rules = [pick(rng, _RULES[lang]) for _ in range(between(rng, 1, 2))]
    text = " ".join(rules).replace("$w", pick(rng, words.JOBS[lang])).replace("$c", words.city(rng)).replace("$t", pick(rng, words.UNKNOWN_TOPICS[lang]))
    if chance(rng, 0.5):
        text = PREAMBLE + " " + text
    if chance(rng, 0.25):
        name = memory.draw(rng, state, "name", lang)
        if name:
            text += f" The user is called {name}." if lang == "en" else f" El usuario se llama {name}."
            state.facts["name"] = (name, 0)
    return text


class Composer:
    """Makes dialogues. One per process and tokenizer."""

    def __init__(self, pieces=()):
        spelling = skills.Spelling(pieces)
        self.mix = (
            (0.27, program.program_turn), (0.085, memory.tell_turn), (0.08, memory.ask_turn), (0.025, memory.correct_turn), (0.035, memory.confirm_turn),
            (0.035, memory.summary_turn), (0.045, memory.place_turn), (0.055, memory.people_turn), (0.03, memory.list_turn), (0.06, belongings.own_turn), (0.03, memory.echo_turn),
            (0.12, skills.sum_turn), (0.012, skills.long_sum_turn), (0.02, skills.story_turn), (0.10, spelling), (0.03, skills.calendar_turn),
            (0.07, skills.order_turn), (0.07, skills.reason_turn), (0.015, skills.capital_turn), (0.015, skills.translate_turn),
            (0.065, smalltalk.talk_turn), (0.008, smalltalk.story_turn), (0.06, smalltalk.unknown_turn), (0.03, smalltalk.noise_turn),
        )
        self.encoded = {}
        self.makers, self.sums = [], []
        total = 0.0
        for weight, maker in self.mix:
            total += weight
            self.makers.append(maker)
            self.sums.append(total)
        self.total = total

    def maker(self, rng):
        at = rng.random() * self.total
        for maker, limit in zip(self.makers, self.sums):
            if at < limit:
                return maker
        return self.makers[-1]

    def turn(self, rng, state, without=()):
        """The next turn, whatever it is about."""
        if not state.turns and chance(rng, 0.25):
            turn = smalltalk.talk_turn(rng, state)
            turn.language = state.lang
            return turn
        while True:
            maker = self.maker(rng)
            if maker not in without:
                turn = maker(rng, state)
                if turn:
                    turn.language = state.lang
                    return turn

    def start(self, rng, held_out=False):
        return State("en" if chance(rng, 0.52) else "es", held_out=held_out)


SEEN, USER, REPLY = 0, 1, 2  # how a token counts in the loss: not at all, a little, fully
FLAG_SHIFT = 12


def token_row(rng, composer, tokenizer, length, held_out=False, begin=2):
    """One dialogue from its first token on, exactly ``length`` tokens: id | flag << 12.

    Long dialogues may lose their oldest turns on the way, as the chat does when the context is full.
    """
    def encode(text):
        ids = composer.encoded.get(text)
        if ids is None:
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            if len(composer.encoded) < 50_000:
                composer.encoded[text] = ids  # many replies and questions come again
        return ids

    state = composer.start(rng, held_out)
    top = preamble(rng, state)
    facts = dict(state.facts)
    head = [begin] + encode(top)
    parts = []  # per turn: (prompt ids, reply ids, turn)
    used = len(head)
    drop_at = between(rng, length // 3, length) if chance(rng, 0.3) else None
    while used < length + 1:
        if chance(rng, 0.04):
            state.lang = "es" if state.lang == "en" else "en"
        turn = composer.turn(rng, state)
        state.learn(turn)
        first = HUMAN[1:] if not top and not parts else HUMAN
        ask = encode(first + (" " + turn.user if turn.user else "") + ASSISTANT)
        reply = encode(" " + turn.reply)
        if len(ask) > length * 0.8:
            state.turns.pop()
            continue
        parts.append((ask, reply, turn))
        used += len(ask) + len(reply)
        if drop_at and used > drop_at and len(parts) > 3:
            while len(parts) > 2 and used > drop_at * 0.6:
                gone = parts.pop(0)
                used -= len(gone[0]) + len(gone[1])
            state.drop_oldest(len(state.turns) - len(parts))
            state.facts.update({k: v for k, v in facts.items() if k not in state.facts})
            if not top:
                parts[0] = (encode(HUMAN[1:] + (" " + parts[0][2].user if parts[0][2].user else "") + ASSISTANT), *parts[0][1:])
                used = len(head) + sum(len(a) + len(r) for a, r, _ in parts)
            drop_at = None
    row = [t | USER << FLAG_SHIFT for t in head]
    after = USER
    for ask, reply, turn in parts:
        row.append(ask[0] | after << FLAG_SHIFT)  # the marker of the next turn is how a reply ends
        row.extend(t | USER << FLAG_SHIFT for t in ask[1:])
        after = REPLY if turn.train else SEEN
        row.extend(t | after << FLAG_SHIFT for t in reply)
    return row[:length]


def text_lines(seed, count):
    """Dialogue texts to train the tokenizer on."""
    rng = random.Random(seed)
    composer = Composer()
    for _ in range(count):
        state = composer.start(rng)
        lines = [preamble(rng, state)]
        for _ in range(between(rng, 3, 12)):
            turn = composer.turn(rng, state)
            state.learn(turn)
            if turn.kind != "noise" or len(turn.user) < 60:
                lines.append(HUMAN + " " + turn.user + ASSISTANT + " " + turn.reply)
        yield "".join(lines)
