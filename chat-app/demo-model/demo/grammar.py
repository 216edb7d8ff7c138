"""A tiny template language, surface noise for user messages, and the train/held-out split.

Templates: ``{a|b}`` is one of the alternatives, ``[a]`` is there or not, both nest; ``$v`` is a slot filled by the caller.
"""

import functools
import unicodedata
import zlib


def pick(rng, items):
    """One item, uniformly. Faster than ``random.choice``, and the generator spends its time here."""
    return items[int(rng.random() * len(items))]


def chance(rng, probability):
    return rng.random() < probability


def between(rng, low, high):
    """An integer in low..high, both included."""
    return low + int(rng.random() * (high - low + 1))


@functools.lru_cache(maxsize=None)
def _parse(template):
    """A template as a list of literals and of lists of alternatives."""
    node, position = _sequence(template, 0, "")
    if position != len(template):
        raise ValueError(f"unbalanced template: {template}")
    return node


def _sequence(text, i, end):
    parts, literal = [], []
    while i < len(text) and text[i] not in end:
        if text[i] in "{[":
            if literal:
                parts.append("".join(literal))
                literal = []
            close = "}" if text[i] == "{" else "]"
            options = [] if text[i] == "{" else [[]]
            i += 1
            while True:
                option, i = _sequence(text, i, "|" + close)
                options.append(option)
                if i >= len(text):
                    raise ValueError(f"unbalanced template: {text}")
                i += 1
                if text[i - 1] == close:
                    break
            parts.append(options)
        else:
            literal.append(text[i])
            i += 1
    if literal:
        parts.append("".join(literal))
    return parts, i


def _expand(rng, node, out):
    for part in node:
        if isinstance(part, str):
            out.append(part)
        else:
            _expand(rng, pick(rng, part), out)


def expand(rng, template):
    """One random expansion of a template, slots left in place."""
    if "{" not in template and "[" not in template:
        return template
    out = []
    _expand(rng, _parse(template), out)
    return "".join(out)


def fill(template, **slots):
    """Replaces ``$name`` slots; longer names first, so that ``$v2`` is not taken for ``$v``."""
    for name in sorted(slots, key=len, reverse=True):
        template = template.replace("$" + name, str(slots[name]))
    return template


def is_held_out(*parts, share=4):
    """Whether a combination belongs to the held-out side: a fixed function of its parts, in any order."""
    key = "|".join(sorted(str(part).lower() for part in parts))
    return zlib.crc32(key.encode()) % share == 0


def capital(text):
    """Upper-cases the first letter, behind an opening mark too."""
    for i, c in enumerate(text):
        if c.isalpha():
            return text[:i] + c.upper() + text[i + 1 :]
        if c not in "¿¡\"'":
            break
    return text


def without_accents(text):
    """Drops acute accents and diaereses but keeps the letter ñ."""
    kept = text.replace("ñ", "\0").replace("Ñ", "\1")
    plain = "".join(c for c in unicodedata.normalize("NFD", kept) if not unicodedata.combining(c))
    return plain.replace("\0", "ñ").replace("\1", "Ñ")


def typo(rng, text):
    """One slip of the finger in one longer word."""
    words = text.split(" ")
    places = [i for i, w in enumerate(words) if len(w) > 3 and w.isalpha()]
    if not places:
        return text
    at = pick(rng, places)
    word = words[at]
    i = between(rng, 1, len(word) - 2)
    kind = rng.random()
    if kind < 0.35:
        word = word[:i] + word[i + 1 :]
    elif kind < 0.7:
        word = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    elif kind < 0.85:
        word = word[:i] + word[i] + word[i:]
    else:
        word = word[:i] + pick(rng, "abcdefghijklmnopqrstuvwxyz") + word[i + 1 :]
    words[at] = word
    return " ".join(words)


_BEFORE = {
    "en": ["hey, ", "ok, ", "okay, ", "so ", "and ", "please, ", "hi, ", "hello, ", "well, ", "now ", "um, ", "one question: ",
           "question: ", "quick question: ", "tell me, ", "sorry, ", "hmm, ", "great, ", "thanks. ",
           "i was wondering: ", "my question is: ", "i am new here. ", "may i ask: ", "let me ask: ", "just curious: ", "in short, ", "in one sentence, ",
           "in simple words, ", "another question: ", "one more thing: ", "please tell me: ", "i have a question: ", "next question: ", "yes, but ", "no, "],
    "es": ["oye, ", "vale, ", "bueno, ", "y ", "por favor, ", "hola, ", "a ver, ", "ahora ", "eh, ", "una pregunta: ",
           "pregunta: ", "dime, ", "perdona, ", "pues ", "gracias. ", "bien, ",
           "me pregunto: ", "mi pregunta es: ", "soy nuevo aquí. ", "quería preguntar: ", "en una frase, ", "en pocas palabras, ", "otra pregunta: ",
           "una cosa más: ", "dime, por favor: ", "tengo una pregunta: ", "por curiosidad: ", "sí, pero ", "no, ", "en resumen, "],
}
_AFTER = {
    "en": [" please", ", please", " exactly", " thanks", " for me", " again", " then", " in short", " in a few words", " here", " really", " actually",
           ", do you know", " in one sentence", " in simple words", ", can you tell me", ", my friend"],
    "es": [" por favor", ", por favor", " exactamente", " gracias", " entonces", " en pocas palabras", " aquí", " de verdad", " en realidad", ", lo sabes",
           " en una frase", ", me lo dices", " otra vez", ", amigo"],
}


def question(rng, core, lang):
    """A question as people type it: marks, case, courtesy, accents and typing errors vary."""
    text = core
    if chance(rng, 0.13):
        text = pick(rng, _BEFORE[lang]) + text
    if chance(rng, 0.08):
        text = text + pick(rng, _AFTER[lang])
    if chance(rng, 0.06):
        text = typo(rng, text)
    mark = rng.random()
    if mark < 0.65:
        text = ("¿" if lang == "es" and chance(rng, 0.6) else "") + text + "?"
    elif mark < 0.70:
        text = text + "."
    return statement(rng, text, lang, end=False)


def without_a_word(rng, text):
    """Leaves out one short word, as hurried people do."""
    parts = text.split(" ")
    places = [i for i, w in enumerate(parts) if len(w) <= 4 and w.isalpha()]
    if len(parts) < 5 or not places:
        return text
    del parts[pick(rng, places)]
    return " ".join(parts)


_SMALL_WORDS = {
    "en": frozenset("a an the is are do does can could i you me my your to of in on for with it this that what how which there be and or so just so please would".split()),
    "es": frozenset("un una el la los las es son de del en a al con por para que se me te mi tu lo y o hay este esta esto puedo puede cómo qué".split()),
}
_FILLERS = {
    "en": "the a my this that it is of about with for in to actually really please now then you me i know say what how why when do does can will should would here there one some any tell so well maybe think guess friend wonder kind sort thing".split(),
    "es": "el la un una mi este esta eso de sobre con para en a ahora entonces tú me yo sé dime qué cómo por cuándo hay puede puedo debo aquí algo alguno pues bueno quizá creo amigo clase tipo cosa".split(),
}


def loosely(rng, text, lang):
    """The same words in a loose form: small words are lost, added or swapped, what matters stays."""
    out = []
    for word in text.split(" "):
        if word in _SMALL_WORDS[lang] and chance(rng, 0.35):
            if chance(rng, 0.4):
                out.append(pick(rng, _FILLERS[lang]))
            continue
        if chance(rng, 0.1):
            out.append(pick(rng, _FILLERS[lang]))
        out.append(word)
    if chance(rng, 0.2):
        out.insert(0, pick(rng, _FILLERS[lang]))
    return " ".join(out) or text


def statement(rng, text, lang, end=True):
    """A statement as people type it. Values in it keep their letters, only the first one may be capitalised."""
    text = text.replace("  ", " ").strip()
    if end and chance(rng, 0.55):
        text += "!" if chance(rng, 0.1) else "."
    if chance(rng, 0.6):
        text = capital(text)
        if lang == "en":
            text = text.replace(" i ", " I ").replace(" i'm ", " I'm ")
    if lang == "es" and end is False and chance(rng, 0.2):
        text = without_accents(text)
    return text
