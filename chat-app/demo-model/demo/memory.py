"""Turns in which the user tells something, corrects it or asks for it again."""

from . import words
from .attributes import ATTRIBUTES, VALUES
from .dialogue import Turn
from .grammar import between, capital, chance, expand, fill, is_held_out, pick, question, statement

_WORDS = {
    "en": {
        "and": " and ", "got": ("Got it", "Okay", "Noted", "I will remember that", "Good to know"), "nice": ("Nice to meet you", "Hello", "Pleased to meet you"),
        "unknown": "You have not told me {}.", "yes": "Yes", "no": "No", "nothing": "You have not told me anything about yourself yet.", "fixed": "Okay, I have corrected that",
        "missing": "I do not know, you have not told me {}.", "i": "i ",
    },
    "es": {
        "and": " y ", "got": ("Entendido", "Vale", "Anotado", "Lo recordaré", "Bueno es saberlo"), "nice": ("Encantado", "Hola", "Mucho gusto"),
        "unknown": "No me has dicho {}.", "yes": "Sí", "no": "No", "nothing": "Todavía no me has contado nada de ti.", "fixed": "Vale, lo he corregido",
        "missing": "No lo sé, no me has dicho {}.", "i": "",
    },
}
_CORRECT = {
    "en": ("actually, $c; no, $c; sorry, $c; i was wrong, $c; i made a mistake: $c; correction: $c; no, wait, $c; that was wrong, $c; not quite, $c; i lied, $c; $c now; forget that, $c; i meant that $c; oops, $c").split("; "),
    "es": ("en realidad $c; no, $c; perdón, $c; me equivoqué, $c; corrección: $c; no, espera, $c; eso estaba mal, $c; ahora $c; quería decir que $c; mentí, $c; rectifico: $c; uy, $c").split("; "),
}
_SUMMARY = {
    "en": ("what do you {know|remember} about me; what have i told you [about me|so far]; tell me {everything|all} you know about me; what did i tell you about {me|myself}; who am i and what do you know about me; summarize what you know about me; list what you know about me; do you remember what i told you").split("; "),
    "es": ("qué sabes {de|sobre} mí; qué te he contado [de mí]; dime todo lo que sabes de mí; qué recuerdas de mí; qué te he dicho [de mí]; resume lo que sabes de mí; recuerdas lo que te he contado; cuéntame lo que sabes de mí").split("; "),
}


def join(items, conjunction):
    items = list(items)
    if len(items) < 2:
        return "".join(items)
    if conjunction == " y " and without_mark(items[-1]).startswith(("i", "hi")) and not items[-1].startswith("hie"):
        conjunction = " e "
    return ", ".join(items[:-1]) + conjunction + items[-1]


def without_mark(text):
    return text.lower().replace("í", "i")


def allowed(state, *values):
    """Whether these values, with each other and with all known ones, lie on the state's side of the split."""
    known = [value for value, _ in state.facts.values()]
    for i, value in enumerate(values):
        for other in known + list(values[:i]):
            if str(other).lower() != str(value).lower() and is_held_out(value, other) != state.held_out:
                return False
    return True


def draw(rng, state, key, lang, taken=()):
    """A value for the attribute that makes no combination of the other side, or None."""
    for _ in range(80):
        value = VALUES[key](rng, lang)
        if value not in taken and allowed(state, value, *taken):
            if value[0].isupper() and chance(rng, 0.06):
                value = value.lower()
            return value
    return None


def personal(state):
    return [k for k in state.facts if k in VALUES]


def tell_turn(rng, state):
    """One to three new facts in one message."""
    lang = state.lang
    table, say = ATTRIBUTES[lang], _WORDS[lang]
    new = [k for k in table if k not in state.facts]
    if not new:
        return None
    told = []
    if "name" in new and chance(rng, 0.35):
        keys = ["name"]
    else:
        keys = [pick(rng, new)]
    while len(keys) < 3 and chance(rng, 0.3):
        key = pick(rng, new)
        if key not in keys:
            keys.append(key)
    for key in keys:
        value = draw(rng, state, key, lang, [v for _, v in told])
        if value is None:
            return None
        told.append((key, value))
    clauses = [fill(expand(rng, pick(rng, table[k].tell)), v=v) for k, v in told]
    if chance(rng, 0.5):
        text = join(clauses, say["and"])
    else:
        text = pick(rng, (". ", ", ", " and " if lang == "en" else " y ")).join(clauses)
    greeting = rng.random()
    if greeting < 0.12:
        text = pick(rng, ("hi, ", "hello, ", "hey, ", "hello! ") if lang == "en" else ("hola, ", "buenas, ", "¡hola! ", "oye, ")) + text
    elif greeting < 0.2:
        text = pick(rng, ("by the way, ", "you should know that ", "listen, ", "so, ", "well, ") if lang == "en" else ("por cierto, ", "debes saber que ", "escucha, ", "bueno, ", "pues ")) + text
    return Turn(statement(rng, text, lang), acknowledge(rng, lang, told), kind="tell", told=tuple(told))


def acknowledge(rng, lang, told):
    table, say = ATTRIBUTES[lang], _WORDS[lang]
    told = list(told)
    reply = ""
    if told[0][0] == "name":
        reply = f"{pick(rng, say['nice'])}, {told.pop(0)[1]}."
        if told:
            reply += " " + capital(join([fill(table[k].you, v=v) for k, v in told], say["and"])) + "."
        return reply
    return f"{pick(rng, say['got'])}: {join([fill(table[k].you, v=v) for k, v in told], say['and'])}."


def correct_turn(rng, state):
    """A known fact changes."""
    lang = state.lang
    known = personal(state)
    if not known:
        return None
    key = pick(rng, known)
    old = state.get(key)
    value = draw(rng, state, key, lang)
    if value is None or value.lower() == old.lower():
        return None
    clause = fill(expand(rng, pick(rng, ATTRIBUTES[lang][key].tell)), v=value)
    text = fill(pick(rng, _CORRECT[lang]), c=clause)
    reply = f"{_WORDS[lang]['fixed']}: {fill(ATTRIBUTES[lang][key].you, v=value)}."
    return Turn(statement(rng, text, lang), reply, kind="correct", told=((key, value), (("was", key), old)))


def ask_turn(rng, state, key=None):
    """Asks for a personal fact, known or not."""
    lang = state.lang
    known = personal(state)
    if key is None:
        if known and chance(rng, 0.8):
            key = pick(rng, known)
        else:
            key = pick(rng, tuple(VALUES))
    entry = ATTRIBUTES[lang][key]
    text = question(rng, expand(rng, pick(rng, entry.ask)), lang)
    value = state.get(key)
    if value is None:
        reply = _WORDS[lang]["missing"].format(entry.noun)
        return Turn(text, reply, kind="ask unknown", expect=(("not told",) if lang == "en" else ("no me has dicho",),))
    reply = capital(fill(entry.you, v=value)) + "."
    old = state.get(("was", key))
    return Turn(text, reply, kind="ask", told=((key, value),), expect=((value,),), reject=(old,) if old else (), distance=state.age(key))


def confirm_turn(rng, state):
    """Is my name Ana?"""
    lang = state.lang
    known = [k for k in personal(state) if ATTRIBUTES[lang][k].confirm]
    if not known:
        return None
    key = pick(rng, known)
    entry, value, say = ATTRIBUTES[lang][key], state.get(key), _WORDS[lang]
    right = chance(rng, 0.5)
    asked = value if right else VALUES[key](rng, lang)
    right = asked.lower() == value.lower()
    reply = f"{say['yes'] if right else say['no']}, {fill(entry.you, v=value)}."
    text = fill(question(rng, expand(rng, pick(rng, entry.confirm)), lang), v=asked)
    if lang == "es" and "?" not in text:
        text += "?"  # in Spanish only the mark tells the question from the statement
    return Turn(text, reply, kind="confirm", told=((key, value),), expect=((value,), (say["yes"] if right else say["no"],)))


def summary_turn(rng, state):
    lang = state.lang
    known = personal(state)
    text = question(rng, expand(rng, pick(rng, _SUMMARY[lang])), lang)
    if not known:
        return Turn(text, _WORDS[lang]["nothing"], kind="summary unknown", expect=(("not told",) if lang == "en" else ("no me has contado",),))
    if len(known) > 6:
        return None
    clauses = [fill(ATTRIBUTES[lang][k].you, v=state.get(k)) for k in known]
    reply = capital(join(clauses, _WORDS[lang]["and"])) + "."
    told = tuple((k, state.get(k)) for k in known)
    return Turn(text, reply, kind="summary", told=told, expect=tuple((state.get(k),) for k in known))


_PUT = {
    "en": ("$o {is|are} in $p; i put $o in $p; $o {is|are} now in $p; i left $o in $p; i keep $o in $p; remember that $o {is|are} in $p", "where {is|are} $o; where did i {put|leave} $o; do you know where $o {is|are}; i can't find $o; tell me where $o {is|are}; have you seen $o; where can i find $o", "Got it: $o {is|are} in $p.", "$O {is|are} in $p.", "I do not know where $o {is|are}."),
    "es": ("$o {está|están} en $p; he puesto $o en $p; he dejado $o en $p; $o ahora {está|están} en $p; guardo $o en $p; recuerda que $o {está|están} en $p", "dónde {está|están} $o; dónde {puse|dejé|he puesto} $o; sabes dónde {está|están} $o; no encuentro $o; dime dónde {está|están} $o; has visto $o; dónde puedo encontrar $o", "Entendido: $o {está|están} en $p.", "$O {está|están} en $p.", "No sé dónde {está|están} $o."),
}


def _number(template, thing, lang):
    plural = thing.split(" ", 1)[0] in ("las", "los") or thing in ("the keys", "the glasses", "the scissors", "the coins")
    return template.replace("{is|are}", "are" if plural else "is").replace("{está|están}", "están" if plural else "está")


def place_turn(rng, state):
    """Where things are: told, moved, asked for."""
    lang = state.lang
    put, ask, got, known, unknown = _PUT[lang]
    places = [k for k in state.facts if k[0] == "at" and k[1] in words.OBJECTS[lang]]
    if places and chance(rng, 0.55):
        key = pick(rng, places)
        thing, place = key[1], state.get(key)
        text = question(rng, expand(rng, _number(pick(rng, ask.split("; ")), thing, lang)), lang).replace("$o", thing)
        reply = fill(_number(known, thing, lang), O=capital(thing), p=place)
        return Turn(text, reply, kind="place", told=((key, place),), expect=((place,),), distance=state.age(key))
    thing = pick(rng, words.OBJECTS[lang])
    key = ("at", thing)
    if key not in state.facts and chance(rng, 0.12):
        text = question(rng, expand(rng, _number(pick(rng, ask.split("; ")), thing, lang)), lang).replace("$o", thing)
        return Turn(text, fill(_number(unknown, thing, lang), o=thing), kind="place unknown", expect=(("not know",) if lang == "en" else ("no sé",),))
    for _ in range(60):
        place = pick(rng, words.PLACES[lang])
        if is_held_out(thing, place) == state.held_out and place != state.get(key):
            text = statement(rng, fill(expand(rng, _number(pick(rng, put.split("; ")), thing, lang)), o=thing, p=place), lang)
            return Turn(text, fill(_number(got, thing, lang), o=thing, p=place), kind="put", told=((key, place),))
    return None


_PEOPLE = {
    "en": {
        "live": ("{my friend|my neighbour|my cousin|my uncle|} $n lives in $v", "where does $n live; in which city does $n live; do you remember where $n lives; what is the city of $n", "$n lives in $v", lambda rng, lang: words.city(rng), "who lives in $v"),
        "like": ("$n likes $v; $n loves $v; $n likes to eat $v", "what does $n like; what does $n like to eat; what does $n love; do you remember what $n likes", "$n likes $v", lambda rng, lang: pick(rng, words.FOODS[lang]), "who likes $v"),
        "have": ("$n has a $v; {my friend|my neighbour|my cousin|my aunt|} $n has a $v", "what does $n have; which {pet|animal} does $n have; what pet has $n", "$n has a $v", lambda rng, lang: pick(rng, words.PETS[lang]), "who has a $v"),
        "job": ("$n is a $v; $n works as a $v; {my friend|my neighbour|my cousin|my aunt|} $n is a $v", "what is $n's job; what does $n do; what does $n work as; what is the job of $n", "$n works as a $v", lambda rng, lang: pick(rng, words.JOBS[lang]), "who {is|works as} a $v"),
        "age": ("$n is $v years old; {my friend|my neighbour|my cousin|my aunt|} $n is $v years old", "how old is $n; what is the age of $n; what is $n's age", "$n is $v years old", lambda rng, lang: str(between(rng, 3, 99)), "who is $v years old"),
    },
    "es": {
        "live": ("{mi amigo|mi amiga|mi vecino|mi primo|mi tía|} $n vive en $v", "dónde vive $n; en qué ciudad vive $n; recuerdas dónde vive $n; cuál es la ciudad de $n", "$n vive en $v", lambda rng, lang: words.city(rng), "quién vive en $v"),
        "like": ("a $n le gusta comer $v; a $n le encanta comer $v", "qué le gusta a $n; qué le gusta comer a $n; qué le encanta a $n; recuerdas qué le gusta a $n", "a $n le gusta comer $v", lambda rng, lang: pick(rng, words.FOODS[lang]), "a quién le gusta comer $v"),
        "have": ("$n tiene $v; {mi amigo|mi amiga|mi vecino|mi primo|mi tía|} $n tiene $v", "qué tiene $n; qué {mascota|animal} tiene $n", "$n tiene $v", lambda rng, lang: pick(rng, words.PETS[lang]), "quién tiene $v"),
        "job": ("$n trabaja de $v; {mi amigo|mi amiga|mi vecino|mi primo|mi tía|} $n trabaja de $v", "en qué trabaja $n; cuál es el trabajo de $n; qué profesión tiene $n; de qué trabaja $n", "$n trabaja de $v", lambda rng, lang: pick(rng, words.JOBS[lang]), "quién trabaja de $v"),
        "age": ("$n tiene $v años; {mi amigo|mi amiga|mi vecino|mi primo|mi tía|} $n tiene $v años", "cuántos años tiene $n; qué edad tiene $n; cuál es la edad de $n", "$n tiene $v años", lambda rng, lang: str(between(rng, 3, 99)), "quién tiene $v años"),
    },
}


def people_turn(rng, state):
    """Facts about other people, kept over several turns."""
    lang = state.lang
    say = _WORDS[lang]
    known = [k for k in state.facts if k[0] == "of"]
    if known and chance(rng, 0.55):
        key = pick(rng, known)
        _, who, what = key
        _, ask, you, _, reverse = _PEOPLE[lang][what]
        value = state.get(key)
        only = sum(1 for k in known if k[2] == what and state.get(k) == value) == 1
        if only and chance(rng, 0.3):
            text, expect = fill(question(rng, expand(rng, reverse), lang), v=value), ((who,),)
        else:
            text, expect = fill(question(rng, expand(rng, pick(rng, ask.split("; "))), lang), n=who), ((value,),)
        return Turn(text, capital(fill(you, n=who, v=value)) + ".", kind="people", told=((key, value),), expect=expect, distance=state.age(key))
    told = []
    names = list(dict.fromkeys(k[1] for k in known))
    for _ in range(pick(rng, (1, 1, 1, 2, 2, 3))):
        for _ in range(60):
            what = pick(rng, tuple(_PEOPLE[lang]))
            who = pick(rng, names) if names and chance(rng, 0.2) else words.name(rng)
            value = _PEOPLE[lang][what][3](rng, lang)
            if is_held_out(who, value) == state.held_out and state.get(("of", who, what)) is None and all(t[0] != ("of", who, what) for t in told):
                told.append((("of", who, what), value))
                break
    if not told:
        return None
    clauses = [fill(expand(rng, pick(rng, _PEOPLE[lang][k[2]][0].split("; "))).strip(), n=k[1], v=v) for k, v in told]
    text = join(clauses, say["and"]) if chance(rng, 0.6) else ". ".join(capital(c) for c in clauses)
    reply = f"{pick(rng, say['got'])}: {join([fill(_PEOPLE[lang][k[2]][2], n=k[1], v=v) for k, v in told], say['and'])}."
    return Turn(statement(rng, text, lang), reply, kind="people tell", told=tuple(told))


_LIST = {
    "en": {
        "add": "{add|put} $v {to|on} {my|the} [shopping] list; i need to buy $v; please add $v to the shopping list; put $v on the list", "added": "Added. Your list: $l.",
        "ask": "what is on my [shopping] list; what's on {my|the} list; read me my [shopping] list; show {me the|my|the} [shopping] list; what do i need to buy; what should i buy; tell me my shopping list",
        "tell": "Your list: $l.", "empty": "Your list is empty.", "remove": "{remove|take|delete} $v {from|off} {my|the} [shopping] list; i have bought $v; i don't need $v any more", "removed": "Removed. Your list: $l.",
    },
    "es": {
        "add": "{añade|pon|apunta} $v {a|en} {mi|la} lista [de la compra]; tengo que comprar $v; por favor añade $v a la lista", "added": "Añadido. Tu lista: $l.",
        "ask": "qué hay en {mi|la} lista [de la compra]; qué tengo que comprar; léeme la lista; dime {mi|la} lista [de la compra]; enséñame la lista; muestra mi lista de la compra; qué debo comprar",
        "tell": "Tu lista: $l.", "empty": "Tu lista está vacía.", "remove": "{quita|borra} $v de {mi|la} lista [de la compra]; ya he comprado $v; ya no necesito $v", "removed": "Quitado. Tu lista: $l.",
    },
}


def list_turn(rng, state):
    """A shopping list that grows and shrinks."""
    lang = state.lang
    say = _LIST[lang]
    items = state.get("list") or ()
    kind = rng.random()
    show = lambda values: join(values, _WORDS[lang]["and"])  # noqa: E731
    if kind < 0.4 and len(items) < 6 or not items and kind < 0.9:
        new = []
        for _ in range(between(rng, 1, 3)):
            for _ in range(40):
                item = pick(rng, words.SHOPPING[lang])
                if item not in items and item not in new and all(is_held_out(item, o) == state.held_out for o in (*items, *new)):
                    new.append(item)
                    break
        if not new:
            return None
        text = statement(rng, fill(expand(rng, pick(rng, say["add"].split("; "))), v=join(new, _WORDS[lang]["and"])), lang)
        items = (*items, *new)
        return Turn(text, fill(say["added"], l=show(items)), kind="list add", told=(("list", items),))
    if items and kind < 0.55:
        item = pick(rng, items)
        items = tuple(i for i in items if i != item)
        text = statement(rng, fill(expand(rng, pick(rng, say["remove"].split("; "))), v=item), lang)
        return Turn(text, fill(say["removed"], l=show(items)) if items else say["removed"].split(".")[0] + ". " + say["empty"], kind="list remove", told=(("list", items or None),))
    text = question(rng, expand(rng, pick(rng, say["ask"].split("; "))), lang)
    if not items:
        return Turn(text, say["empty"], kind="list unknown", expect=(("empty",) if lang == "en" else ("vacía",),))
    return Turn(text, fill(say["tell"], l=show(items)), kind="list", told=(("list", items),), expect=tuple((i,) for i in items), distance=state.age("list"))


_ECHO = {
    "en": ("what did i just {say|ask|write}; what was my last {message|question|sentence}; repeat my last message; what did i say before; what was the last thing i said", "You said: $v", "repeat after me: $v; say $v; repeat: $v; please repeat: $v; write $v", "You have not said anything yet."),
    "es": ("qué acabo de {decir|preguntar|escribir}; cuál fue mi último mensaje; repite mi último mensaje; qué dije antes; qué fue lo último que dije", "Has dicho: $v", "repite conmigo: $v; di $v; repite: $v; por favor repite: $v; escribe $v", "Todavía no has dicho nada."),
}


def echo_turn(rng, state):
    """Quotes the last message, or repeats words after the user."""
    lang = state.lang
    last, said, repeat, nothing = _ECHO[lang]
    if chance(rng, 0.5):
        text = question(rng, expand(rng, pick(rng, last.split("; "))), lang)
        if not state.last:
            return Turn(text, nothing, kind="echo")
        if not state.last.user.strip() or len(state.last.user) > 100 or "\n" in state.last.user:
            return None
        return Turn(text, fill(said, v=state.last.user), kind="echo", expect=((state.last.user,),))
    phrase = " ".join(words.any_word(rng, lang) for _ in range(between(rng, 1, 6)))
    text = fill(pick(rng, repeat.split("; ")), v=phrase)
    text = capital(text) if chance(rng, 0.5) else text
    return Turn(text, phrase, kind="echo", expect=((phrase,),))
