"""The held-out set: dialogues whose combinations of facts, numbers, words and phrasings never occur in training."""

import random

from . import belongings, memory, program, skills, smalltalk
from .compose import Composer
from .dialogue import PREAMBLE, State, Turn, prompt
from .grammar import between, pick
from .handwritten import SEEN, UNSEEN

# name -> (items per language, kinds of the last turn)
GROUPS = {
    "recall": (70, ("ask",)), "recall corrected": (20, ("ask",)), "recall long": (25, ("ask",)), "recall unknown": (20, ("ask unknown",)), "confirm": (20, ("confirm",)), "summary": (20, ("summary",)),
    "people": (25, ("people",)), "place": (25, ("place",)), "belongings": (30, ("own",)), "list": (20, ("list",)), "small sums": (60, ("small sum",)), "large sums": (25, ("large sum",)), "products": (20, ("product",)),
    "story sums": (20, ("story sum",)), "chain sums": (15, ("chain sum",)), "spelling": (50, ("spell",)), "reversing": (50, ("reverse",)), "letters": (20, ("letters", "first letter", "last letter", "letter count")),
    "calendar": (25, ("calendar",)), "sorting": (25, ("sort",)), "sorting words": (20, ("sort words",)), "comparing": (20, ("compare",)), "counting": (20, ("count",)), "numbers": (15, ("numbers",)),
    "reasoning": (30, ("reason",)), "program": (100, ("program",)), "unknown": (25, ("unknown",)), "noise": (25, ("noise", "empty")), "echo": (15, ("echo",)), "capitals": (15, ("capital",)), "translation": (15, ("translate",)),
}
_MAKERS = {
    "recall unknown": memory.ask_turn, "confirm": memory.confirm_turn, "summary": memory.summary_turn, "people": memory.people_turn, "place": memory.place_turn, "list": memory.list_turn, "belongings": belongings.own_turn,
    "small sums": skills.sum_turn, "large sums": skills.sum_turn, "products": skills.sum_turn, "story sums": skills.story_turn, "chain sums": skills.long_sum_turn,
    "calendar": skills.calendar_turn, "sorting": skills.order_turn, "sorting words": skills.order_turn, "comparing": skills.order_turn, "counting": skills.order_turn, "numbers": skills.order_turn,
    "reasoning": skills.reason_turn, "program": program.program_turn, "unknown": smalltalk.unknown_turn, "noise": smalltalk.noise_turn, "echo": memory.echo_turn, "capitals": skills.capital_turn, "translation": skills.translate_turn,
}
_REPEATING = (memory.ask_turn, memory.confirm_turn, memory.summary_turn, memory.correct_turn, memory.echo_turn)
_LONGEST = 300  # characters of one earlier message


def items(seed, pieces=(), scale=1.0):
    """All held-out items, in a fixed order."""
    composer = Composer(pieces)
    spelling = skills.Spelling(pieces)
    for group, (count, kinds) in GROUPS.items():
        for lang in ("en", "es"):
            for i in range(max(1, round(count * scale))):
                rng = random.Random(f"{seed}/{group}/{lang}/{i}")
                yield _item(f"{group}-{lang}-{i + 1}".replace(" ", "-"), group, lang, *_dialogue(rng, composer, spelling, group, kinds, lang))
    for group, questions in (("program seen", SEEN), ("program unseen", UNSEEN)):
        for lang in ("en", "es"):
            for i, (intent, text) in enumerate(questions[lang]):
                rng = random.Random(f"{seed}/{group}/{lang}/{i}")
                state = State(lang, held_out=True)
                _fill(rng, composer, state, between(rng, 0, 3))
                entry = program.INTENTS[lang][intent]
                yield _item(f"{group}-{lang}-{i + 1}".replace(" ", "-"), group, lang, state, Turn(text, entry.text, "program", expect=entry.facts))


def _fill(rng, composer, state, count, without=()):
    end = len(state.turns) + count
    while len(state.turns) < end:
        turn = composer.turn(rng, state, without)
        if len(turn.user) <= _LONGEST:
            state.learn(turn)


def _dialogue(rng, composer, spelling, group, kinds, lang):
    """The earlier turns as a state, and the last turn."""
    while True:
        state = State(lang, held_out=True, spoken=lang if group != "noise" else "en")
        if group in ("recall", "recall corrected", "recall long"):
            turn = _recall(rng, composer, state, group == "recall corrected", between(rng, 2000, 4500) if group == "recall long" else 0)
        else:
            need = {"list": memory.list_turn, "people": memory.people_turn, "place": memory.place_turn, "belongings": belongings.own_turn, "confirm": memory.tell_turn, "summary": memory.tell_turn}.get(group)
            if need:
                first = need(rng, state)
                if first:
                    state.learn(first)
            _fill(rng, composer, state, between(rng, 3, 8) if need else between(rng, 0, 6))
            maker = _MAKERS.get(group, spelling)
            turn = None
            for _ in range(200):
                turn = maker(rng, state)
                if turn and turn.kind in kinds and turn.expect and len(turn.user) < 1000 and (turn.distance < 0 or turn.distance >= 3):
                    break
                turn = None
        if turn:
            return state, turn


def _recall(rng, composer, state, corrected, characters):
    """Several facts, then 3 to 8 other turns or so many characters of them, then the question for one of the facts."""
    _fill(rng, composer, state, between(rng, 0, 2), _REPEATING)
    told = memory.tell_turn(rng, state)
    if not told:
        return None
    state.learn(told)
    if corrected:
        turn = memory.correct_turn(rng, state)
        if not turn:
            return None
        state.learn(turn)
        key = turn.told[0][0]
    else:
        key = pick(rng, told.told)[0]
    _fill(rng, composer, state, between(rng, 3, 8), _REPEATING)
    while sum(len(t.user) + len(t.reply) for t in state.turns) < characters:
        _fill(rng, composer, state, 1, _REPEATING)
    return memory.ask_turn(rng, state, key)


def _item(name, group, lang, state, turn):
    history = [[t.user, t.reply] for t in state.turns]
    return {
        "id": name, "group": group, "language": lang, "history": history, "question": turn.user, "expect": [list(g) for g in turn.expect], "reject": list(turn.reject), "reference": turn.reply,
        "prompt": prompt(PREAMBLE, history, turn.user),
    }


def passes(item, reply):
    """One alternative of every expected group is in the reply, as a whole word, and no rejected string is."""
    text = reply.lower()
    return all(any(_contains(text, a.lower()) for a in group) for group in item["expect"]) and not any(_contains(text, r.lower()) for r in item["reject"])


def _contains(text, part):
    at = text.find(part)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(part) : at + len(part) + 1]
        if not (before.isalnum() and part[:1].isalnum()) and not (after.isalnum() and part[-1:].isalnum()):
            return True
        at = text.find(part, at + 1)
    return False
