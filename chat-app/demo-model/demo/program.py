"""Questions about flexgen-chat. Every answer is a statement about the real program; change it here when the program changes."""

from dataclasses import dataclass, replace

from .frames import HOW, THING
from .grammar import chance, expand, fill, is_held_out, loosely, pick, question, without_a_word
from .dialogue import Turn
from .phrasings import MORE


@dataclass(frozen=True)
class Answer:
    """One language of an intent: how it is asked, what is answered, which facts the answer must contain."""

    text: str
    facts: tuple  # groups; alternatives inside a group are separated by |
    things: tuple = ()
    hows: tuple = ()
    free: tuple = ()


def _split(text):
    """Alternatives at top level, separated by ' ; '."""
    return tuple(part.strip() for part in text.split(";") if part.strip())


def answer(text, facts, things="", hows="", free=""):
    return Answer(text, tuple(tuple(g.split("|")) for g in _split(facts)), _split(things), _split(hows), _split(free))


from .program_en import ENGLISH  # noqa: E402  (the tables use answer() above)
from .program_es import SPANISH  # noqa: E402



def _with_more(table, more):
    """The table with the further phrasings of phrasings.py."""
    merged = {}
    for intent, entry in table.items():
        things, hows, free = (_split(text) for text in more.get(intent, ("", "", "")))
        merged[intent] = replace(entry, things=entry.things + things, hows=entry.hows + hows, free=entry.free + free)
    return merged


INTENTS = {"en": _with_more(ENGLISH, MORE["en"]), "es": _with_more(SPANISH, MORE["es"])}
_HELD_OUT_SHARE = 6


def phrase(rng, lang, intent, held_out):
    """A way to ask for the intent, from the held-out side or from the training side of all phrasings."""
    entry = INTENTS[lang][intent]
    kinds = [k for k, have, weight in (("thing", entry.things, 3), ("how", entry.hows, 3), ("free", entry.free, 3)) if have for _ in range(weight)]
    for _ in range(600):
        kind = pick(rng, kinds)
        if kind == "free":
            core = expand(rng, pick(rng, entry.free))
        else:
            frames, slots = (THING, entry.things) if kind == "thing" else (HOW, entry.hows)
            core = fill(expand(rng, pick(rng, frames[lang])), x=expand(rng, pick(rng, slots)))
        if lang == "es":
            core = (" " + core).replace(" de el ", " del ").replace(" a el ", " al ").strip()
        core = core.replace(" 's", "'s").replace("  ", " ").strip()
        if is_held_out(core, share=_HELD_OUT_SHARE) == held_out:
            return core
    raise ValueError(f"{intent} has too few phrasings")


def program_turn(rng, state):
    lang = state.lang
    intent = pick(rng, tuple(INTENTS[lang]))
    core = phrase(rng, lang, intent, state.held_out)
    entry = INTENTS[lang][intent]
    if chance(rng, 0.06):
        core = without_a_word(rng, core)
    elif chance(rng, 0.15) and not state.held_out:
        core = loosely(rng, core, lang)
    return Turn(question(rng, core, lang), entry.text, kind="program", expect=entry.facts)
