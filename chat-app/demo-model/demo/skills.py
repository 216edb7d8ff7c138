"""Sums, spelling, reversing, counting, sorting, days and months, comparing, and reasoning over facts given in the question."""

from . import words
from .dialogue import Turn
from .grammar import between, capital, chance, expand, fill, is_held_out, pick, question
from .memory import join

UNITS = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(),
    "es": ("cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve "
           "veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve").split(),
}
_TENS = {
    "en": ",,twenty,thirty,forty,fifty,sixty,seventy,eighty,ninety".split(","),
    "es": ",,veinte,treinta,cuarenta,cincuenta,sesenta,setenta,ochenta,noventa".split(","),
}


def spelled_number(n, lang):
    """0..99 in words."""
    if n < len(UNITS[lang]):
        return UNITS[lang][n]
    tens, unit = divmod(n, 10)
    if not unit:
        return _TENS[lang][tens]
    return _TENS[lang][tens] + ("-" if lang == "en" else " y ") + UNITS[lang][unit]


_ARITHMETIC = {
    "en": (
        ("what is $e; what's $e; $e; $e; $e =; how much is $e; calculate $e; compute $e; what does $e make; {can|could} you {calculate|compute|solve} $e; tell me $e; solve $e; what do you get for $e; "
         "{and|now} $e; what is the result of $e; do you know what $e is; how much does $e make; please calculate $e").split("; "),
        {"+": (" + ", " + ", "+", " plus ", " and "), "-": (" - ", " - ", "-", " minus "), "*": (" * ", " x ", " times ", " multiplied by ", "*"), "/": (" / ", " divided by ", "/")},
        ("add $a and $b; what is the sum of $a and $b; add $b to $a; the sum of $a and $b").split("; "), ("subtract $b from $a; take $b from $a; what is $a less $b; what is the difference between $a and $b").split("; "),
        ("what is $a multiplied by $b; multiply $a by $b; the product of $a and $b").split("; "),
    ),
    "es": (
        ("cuánto es $e; cuánto es $e; $e; $e; $e =; calcula $e; cuánto da $e; {puedes|podrías} {calcular|resolver} $e; dime cuánto es $e; resuelve $e; cuánto hace $e; y $e; qué da $e; cuál es el resultado de $e; "
         "sabes cuánto es $e; cuántos son $e").split("; "),
        {"+": (" + ", " + ", "+", " más ", " y "), "-": (" - ", " - ", "-", " menos "), "*": (" * ", " x ", " por ", " multiplicado por ", "*"), "/": (" / ", " dividido por ", " entre ", "/")},
        ("suma $a y $b; cuál es la suma de $a y $b; súmale $b a $a; la suma de $a y $b").split("; "), ("resta $b de $a; resta $b a $a; quita $b de $a; cuál es la diferencia entre $a y $b").split("; "),
        ("multiplica $a por $b; cuál es el producto de $a y $b; el producto de $a y $b").split("; "),
    ),
}
SYMBOL = {"+": "+", "-": "-", "*": "x", "/": "/"}


def operands(rng, held_out):
    """Two numbers and a sign from one side of the split."""
    while True:
        sign = pick(rng, "+++++-----**/")
        size = rng.random()
        top = 9 if size < 0.12 else 99 if size < 0.7 else 999
        if sign in "+-":
            a, b = between(rng, 0, top), between(rng, 0, top)
            if sign == "-" and a < b and chance(rng, 0.9):
                a, b = b, a
        else:
            a, b = between(rng, 0, 12), between(rng, 0, 12)
            if sign == "/":
                b = max(1, b)
                a = a * b
        if is_held_out(f"{a}{sign}{b}", share=8) == held_out or (sign in "*/" and not held_out):
            return a, sign, b


def result(a, sign, b):
    return a + b if sign == "+" else a - b if sign == "-" else a * b if sign == "*" else a // b


def sum_turn(rng, state):
    lang = state.lang
    frames, signs, plus, minus, times = _ARITHMETIC[lang]
    a, sign, b = operands(rng, state.held_out)
    value = result(a, sign, b)
    in_words = a < 100 and b < 100 and chance(rng, 0.15)
    show = (lambda n: spelled_number(n, lang)) if in_words else str
    special = {"+": plus, "-": minus if a >= b else None, "*": times}.get(sign)
    if special and chance(rng, 0.2):
        text = fill(question(rng, pick(rng, special), lang), a=show(a), b=show(b))
    else:
        infix = pick(rng, [s for s in signs[sign] if not in_words or s.strip().isalpha() or " " in s.strip()])
        text = fill(question(rng, expand(rng, pick(rng, frames)), lang), e=show(a) + infix + show(b))
    kind = "small sum" if sign in "+-" and a < 100 and b < 100 else "large sum" if sign in "+-" else "product"
    reply = f"{a} {SYMBOL[sign]} {b} = {value}."
    return Turn(text, reply, kind=kind, expect=((f"= {value}.",),))


def long_sum_turn(rng, state):
    """Three small numbers, one after the other."""
    lang = state.lang
    a, b, c = (between(rng, 1, 30) for _ in range(3))
    if is_held_out(f"{a}+{b}", share=8) != state.held_out:
        return None
    text = fill(question(rng, expand(rng, pick(rng, _ARITHMETIC[lang][0])), lang), e=f"{a} + {b} + {c}")
    return Turn(text, f"{a} + {b} = {a + b}, {a + b} + {c} = {a + b + c}.", kind="chain sum", expect=((f"= {a + b + c}.",),))


_STORY = {
    "en": (("{i have|there are} $a $o and {i buy|i get|somebody gives me} $b more. how many $o {do i have|are there} now; i have $a $o and my friend has $b. how many $o do we have together; $n has $a $o and gets $b more. how many does $n have", "+"),
           ("{i have|i had} $a $o and {i lose|i sell|i give away|i eat} $b. how many {do i have left|are left|remain}; $n has $a $o and gives away $b. how many are left; from $a $o $b are gone. how many remain", "-")),
    "es": (("tengo $a $o y {compro|consigo|me dan} $b más. cuántos $o tengo ahora; tengo $a $o y mi amigo tiene $b. cuántos tenemos juntos; $n tiene $a $o y le dan $b más. cuántos tiene", "+"),
           ("{tengo|tenía} $a $o y {pierdo|vendo|regalo} $b. {cuántos me quedan|cuántos quedan|cuántos tengo}; $n tiene $a $o y regala $b. cuántos le quedan; de $a $o faltan $b. cuántos quedan", "-")),
}


def story_turn(rng, state):
    """A sum told as a story."""
    lang = state.lang
    frames, sign = pick(rng, _STORY[lang])
    while True:
        a, b = between(rng, 2, 60), between(rng, 1, 40)
        if a >= b and is_held_out(f"{a}{sign}{b}", share=8) == state.held_out:
            break
    things = pick(rng, words.TOYS_PLURAL[lang])
    text = fill(question(rng, expand(rng, pick(rng, frames.split("; "))), lang), a=a, b=b, o=things, n=words.name(rng))
    if lang == "es" and (things.endswith("as") or things in ("flores", "llaves")):
        text = text.replace("cuántos", "cuántas")
    value = result(a, sign, b)
    return Turn(text, f"{a} {sign} {b} = {value}.", kind="story sum", expect=((f"= {value}.",),))


def letters(word, separator="-"):
    return separator.join(c.upper() for c in word)


_SPELL = {
    "en": ("how do you spell $q; spell $q; spell $q; {can|could} you spell $q; spell the word $q; how is $q spelled; how do i spell $q; how is the word $q written letter by letter; spell $q for me; what are the letters of $q; which letters are in $q; what is the spelling of $q; letter by letter, $q; spell out $q; $q letter by letter; now spell $q".split("; "),
           "spell $q backwards; how do you spell $q backwards; what is $q backwards; reverse $q; reverse the word $q; write $q backwards; what is $q {in reverse|spelled backwards|reversed}; say $q backwards; turn $q around; $q backwards; {can|could} you reverse $q; {can|could} you {write|spell} $q backwards; what do you get if you reverse $q; invert $q; read $q from right to left; backwards: $q".split("; "),
           "how many letters {are in|does} $q {have|}; how many letters does $q have; how many letters are in $q; count the letters of $q; what is the length of $q; how long is the word $q; number of letters in $q; how many letters are there in the word $q; count the letters in $q".split("; "),
           "what is the {first|1} letter of $q; which letter does $q {begin|start} with; what letter does $q start with".split("; "),
           "what is the last letter of $q; which letter does $q end with; what letter does $q end with".split("; "),
           "how many $c's are in $q; how many $c are {in|there in} $q; how many times does $c {appear|occur} in $q; count the $c's in $q; how often is $c in $q; how many $c's does $q have; how many letters $c are in $q; how many times is the letter $c in $q".split("; ")),
    "es": ("cómo se deletrea $q; deletrea $q; deletrea $q; puedes deletrear $q; deletrea la palabra $q; deletréame $q; cómo se escribe $q letra por letra; $q letra por letra; qué letras tiene $q; cuáles son las letras de $q; dime las letras de $q; ahora deletrea $q; letra a letra, $q; podrías deletrear $q".split("; "),
           "cómo se escribe $q al revés; escribe $q al revés; $q al revés; invierte $q; invierte la palabra $q; qué es $q al revés; di $q al revés; deletrea $q al revés; cómo es $q al revés; puedes {invertir|escribir al revés} $q; dale la vuelta a $q; lee $q de derecha a izquierda; al revés: $q; pon $q al revés".split("; "),
           "cuántas letras tiene $q; cuántas letras hay en $q; cuenta las letras de $q; cuál es la longitud de $q; cómo de larga es la palabra $q; número de letras de $q; cuántas letras tiene la palabra $q".split("; "),
           "cuál es la primera letra de $q; con qué letra empieza $q; por qué letra empieza $q; qué letra es la primera de $q".split("; "),
           "cuál es la última letra de $q; con qué letra termina $q; en qué letra acaba $q; qué letra es la última de $q".split("; "),
           "cuántas $c hay en $q; cuántas $c tiene $q; cuántas veces aparece $c en $q; cuenta las $c de $q; cuántas veces está la letra $c en $q; cuántas letras $c hay en $q; cuántas letras $c tiene $q".split("; ")),
}
_SPELL_REPLY = {
    "en": ("$w: $l.", "$w: $l. Backwards: $r.", "$w: $l. That is $n letters.", "$w: $l. The first letter is $f.", "$w: $l. The last letter is $f.", "$w: $l. The letter $f: $m times."),
    "es": ("$w: $l.", "$w: $l. Al revés: $r.", "$w: $l. Son $n letras.", "$w: $l. La primera letra es $f.", "$w: $l. La última letra es $f.", "$w: $l. La letra $f: $m veces."),
}
SPELL_KINDS = ("spell", "reverse", "letters", "first letter", "last letter", "letter count")


class Spelling:
    """Spelling needs all vocabulary pieces as material, so it is made for a tokenizer (or none, to train one)."""

    def __init__(self, pieces=()):
        self.pieces = pieces
        self.known = frozenset(pieces)

    def word(self, rng, state):
        while True:
            word = words.any_word(rng, state.lang, self.pieces)
            shape = rng.random()
            if shape < 0.2:
                word = capital(word)
            elif shape < 0.23:
                word = word.upper()
            # The letters of a single piece can only be learned, so such words are never held out.
            held_out = is_held_out(word, share=6) and word.lower() not in self.known
            if len(word) > 1 and held_out == state.held_out:
                return word

    def __call__(self, rng, state):
        lang = state.lang
        kind = pick(rng, (0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 5, 5))
        word = self.word(rng, state)
        quoted = rng.random()
        shown = f'"{word}"' if quoted < 0.15 else f"'{word}'" if quoted < 0.25 else word
        frame = expand(rng, pick(rng, _SPELL[lang][kind]))
        counted = pick(rng, word) if chance(rng, 0.85) else pick(rng, "aeiourstlnbcdmpg")
        text = fill(frame, q=shown, c=counted.upper() if chance(rng, 0.4) else counted.lower())
        ends = pick(rng, ("?", "", ".", "?"))
        text = (("¿" if lang == "es" and ends == "?" and chance(rng, 0.6) else "") + text + ends).replace("  ", " ")
        if chance(rng, 0.6) and not frame.startswith("$q"):
            text = capital(text)
        reverse = letters(word[::-1])
        final = word[0].upper() if kind == 3 else word[-1].upper()
        final = counted.upper() if kind == 5 else final
        times = sum(c.upper() == final for c in word)
        reply = fill(_SPELL_REPLY[lang][kind], w=word, l=letters(word), r=reverse, n=len(word), f=final, m=times).replace(": 1 times", ": 1 time").replace(": 1 veces", ": 1 vez")
        expect = {0: letters(word), 1: reverse, 2: f" {len(word)} ", 3: f" {final}.", 4: f" {final}.", 5: f": {times} "}[kind]
        return Turn(text, reply, kind=SPELL_KINDS[kind], expect=((expect,),))


_CALENDAR = {
    "en": {
        "next": "{what|which} {day|month} {comes|is} after $v; what comes after $v; {and|what is} the {day|month} after $v; what follows $v; if it is $v, what comes next; which one follows $v",
        "previous": "{what|which} {day|month} {comes|is} before $v; what comes before $v; {and|what is} the {day|month} before $v; if it is $v, what was before; which one is before $v",
        "today": "today is $v. what day is {tomorrow|it tomorrow}; if today is $v, what day is tomorrow", "yesterday": "today is $v. what day was {yesterday|it yesterday}; if today is $v, what day was yesterday",
        "days": "what are the days of the week; list the days of the week; name the days of the week; which days does a week have; tell me the days of the week; how many days does a week have; the days of the week",
        "months": "what are the months of the year; list the months; name the months of the year; which months does a year have; tell me the months; how many months does a year have; the months of the year",
        "seasons": "what are the seasons; name the seasons; list the four seasons; which seasons are there; how many seasons are there; the seasons of the year",
        "length": "how many days {does $v have|are in $v|has $v}; how long is $v", "number": "which month is number $v; what is month number $v; what is the name of month $v; month number $v",
        "say": ("After $v comes $w.", "Before $v comes $w.", "Tomorrow is $w.", "Yesterday was $w.", "The seven days of the week are $l.", "The twelve months are $l.", "The four seasons are $l.", "$v has $n days.", "Month number $n is $v.")},
    "es": {
        "next": "qué {día|mes} {viene|va|hay} después {de|del} $v; qué viene después de $v; y después de $v; qué sigue a $v; cuál es el {día|mes} siguiente a $v; cuál va después de $v",
        "previous": "qué {día|mes} {viene|va|hay} antes {de|del} $v; qué viene antes de $v; y antes de $v; cuál es el {día|mes} anterior a $v; cuál va antes de $v",
        "today": "hoy es $v. qué día es mañana; si hoy es $v, qué día es mañana", "yesterday": "hoy es $v. qué día fue ayer; si hoy es $v, qué día fue ayer",
        "days": "cuáles son los días de la semana; di los días de la semana; nombra los días de la semana; qué días tiene la semana; cuántos días tiene la semana; los días de la semana; dime los días",
        "months": "cuáles son los meses del año; di los meses; nombra los meses del año; qué meses tiene el año; cuántos meses tiene el año; los meses del año; dime los meses",
        "seasons": "cuáles son las estaciones [del año]; nombra las estaciones; qué estaciones hay; cuántas estaciones hay; dime las estaciones; las cuatro estaciones",
        "length": "cuántos días tiene $v; cuántos días hay en $v; cómo de largo es $v", "number": "qué mes es el número $v; cuál es el mes número $v; cómo se llama el mes $v; el mes número $v",
        "say": ("Después de $v viene $w.", "Antes de $v viene $w.", "Mañana es $w.", "Ayer fue $w.", "Los siete días de la semana son $l.", "Los doce meses son $l.", "Las cuatro estaciones son $l.", "$v tiene $n días.", "El mes número $n es $v.")},
}


def calendar_turn(rng, state):
    lang = state.lang
    table, say = _CALENDAR[lang], _CALENDAR[lang]["say"]
    kind = pick(rng, ("next", "next", "next", "previous", "previous", "previous", "today", "yesterday", "days", "months", "seasons", "length", "number"))
    days, months = words.DAYS[lang], words.MONTHS[lang]
    conjunction = " and " if lang == "en" else " y "
    core = expand(rng, pick(rng, table[kind].split("; ")))
    template = question(rng, core, lang)
    expect = None
    if kind in ("next", "previous", "today", "yesterday"):
        names = days if kind in ("today", "yesterday") or chance(rng, 0.5) else months
        if ("month" in core or " mes " in core) and names is days or ("day" in core or "día" in core) and names is months:
            names = months if names is days else days
        i = int(rng.random() * len(names))
        step = 1 if kind in ("next", "today") else -1
        other = names[(i + step) % len(names)]
        text = fill(template, v=names[i])
        reply, expect = fill(say[("next", "previous", "today", "yesterday").index(kind)], v=names[i], w=other), other
    elif kind in ("days", "months", "seasons"):
        values = {"days": days, "months": months, "seasons": words.SEASONS[lang]}[kind]
        text, reply = template, fill(say[("days", "months", "seasons").index(kind) + 4], l=join(values, conjunction))
        expect = values[-1]
    else:
        i = int(rng.random() * 12)
        text = fill(template, v=months[i] if kind == "length" else i + 1)
        n = words.MONTH_LENGTHS[i] if kind == "length" else i + 1
        name = capital(months[i]) if kind == "length" else months[i]
        reply = fill(say[7 if kind == "length" else 8], v=name, n="28 or 29" if kind == "length" and i == 1 and lang == "en" else "28 o 29" if kind == "length" and i == 1 else n)
        expect = str(n) if kind == "length" else months[i]
    text = text.lower() if chance(rng, 0.2) else text
    return Turn(text, reply, kind="calendar", expect=((expect,),))


_ORDER = {
    "en": {
        "up": "sort $l; sort the numbers $l; put $l in order; order $l; arrange $l from small to large; sort these numbers: $l; sort $l from smallest to largest; put these numbers in order: $l", "down": "sort $l from large to small; sort $l in descending order; order $l from largest to smallest; put $l in descending order",
        "words": "sort the words $l; sort $l alphabetically; put $l in alphabetical order; sort these words: $l; order the words $l; arrange $l by alphabet",
        "max": "which is {larger|bigger|greater}, $a or $b; what is {larger|bigger|greater}, $a or $b; is $a or $b {larger|bigger|greater}; what is the largest of $l; which of $l is the largest; the biggest of $l; the maximum of $l",
        "min": "which is {smaller|less}, $a or $b; what is smaller, $a or $b; is $a or $b smaller; what is the smallest of $l; which of $l is the smallest; the minimum of $l",
        "count": "count from $a to $b; count to $b; {can|could} you count from $a to $b; count up to $b; count from $a up to $b; list the numbers from $a to $b", "countdown": "count {down|backwards} from $b to $a; count backwards from $b; count down from $b",
        "next": "what number comes after $a; which number follows $a; what comes after $a", "previous": "what number comes before $a; which number is before $a; what comes before $a",
        "even": "is $a even; is $a odd; is $a even or odd; is the number $a even or odd", "double": "what is {double $a|twice $a|the double of $a}; double $a", "word": "write $a in words; how do you write $a in words; $a in words; spell the number $a",
        "say": ("In order: $l.", "The largest is $v.", "The smallest is $v.", "After $a comes $v.", "Before $a comes $v.", "$a is even.", "$a is odd.", "Twice $a is $v.", "$a is $v.")},
    "es": {
        "up": "ordena $l; ordena los números $l; pon en orden $l; ordena de menor a mayor $l; ordena estos números: $l; ordena $l de menor a mayor", "down": "ordena de mayor a menor $l; ordena $l de mayor a menor; pon $l en orden descendente",
        "words": "ordena las palabras $l; ordena alfabéticamente $l; pon en orden alfabético $l; ordena estas palabras: $l; ordena por alfabeto $l",
        "max": "cuál es mayor, $a o $b; qué es mayor, $a o $b; es mayor $a o $b; cuál es el mayor de $l; el mayor de $l; el máximo de $l; qué número es más grande, $a o $b", "min": "cuál es menor, $a o $b; qué es menor, $a o $b; es menor $a o $b; cuál es el menor de $l; el menor de $l; el mínimo de $l; qué número es más pequeño, $a o $b",
        "count": "cuenta de $a a $b; cuenta hasta $b; cuenta desde $a hasta $b; puedes contar de $a a $b; di los números de $a a $b", "countdown": "cuenta atrás de $b a $a; cuenta hacia atrás desde $b; cuenta atrás desde $b",
        "next": "qué número viene después de $a; qué número sigue a $a; qué viene después de $a", "previous": "qué número viene antes de $a; qué número va antes de $a; qué viene antes de $a",
        "even": "es $a par; es $a impar; es $a par o impar; el número $a es par o impar", "double": "cuál es el doble de $a; cuánto es el doble de $a; el doble de $a", "word": "escribe $a en letras; cómo se escribe el número $a; $a en letras; escribe $a con palabras",
        "say": ("En orden: $l.", "El mayor es $v.", "El menor es $v.", "Después de $a viene $v.", "Antes de $a viene $v.", "$a es par.", "$a es impar.", "El doble de $a es $v.", "$a es $v.")},
}


def order_turn(rng, state):
    """Sorting, comparing and counting."""
    lang = state.lang
    table, say = _ORDER[lang], _ORDER[lang]["say"]
    kind = pick(rng, ("up", "up", "up", "down", "words", "words", "max", "max", "min", "min", "count", "count", "countdown", "next", "previous", "even", "double", "word"))
    core = expand(rng, pick(rng, table[kind].split("; ")))
    template = question(rng, core, lang)
    top = pick(rng, (10, 20, 100, 100, 1000))
    join_with = pick(rng, (", ", " ", ", ", " , "))
    low = 1
    expect = None
    if kind in ("up", "down", "max", "min"):
        values = []
        count = 2 if "$a" in core else between(rng, 3, 5)
        while len(values) < count:
            n = between(rng, 0, top)
            if n not in values:
                values.append(n)
        if is_held_out(*values, share=8) != state.held_out:
            return None
        text = fill(template, a=values[0], b=values[-1], l=join_with.join(map(str, values)))
        if kind in ("up", "down"):
            expect = ", ".join(map(str, sorted(values, reverse=kind == "down")))
            reply = fill(say[0], l=expect)
        else:
            expect = str(max(values) if kind == "max" else min(values))
            reply = fill(say[1 if kind == "max" else 2], v=expect)
    elif kind == "words":
        pool = {"en": (words.ANIMALS, words.FOODS, words.COLOURS, words.TOYS), "es": (words.ANIMALS, words.COLOURS, words.TOYS)}[lang]
        source = pick(rng, pool)[lang] if chance(rng, 0.6) else words.COMMON[lang]
        values = []
        while len(values) < between(rng, 3, 4):
            w = pick(rng, source)
            if " " not in w and w[0].isascii() and all(v[0] != w[0] for v in values):
                values.append(w)
        if is_held_out(*values, share=8) != state.held_out:
            return None
        expect = ", ".join(sorted(values))
        text, reply = fill(template, l=join_with.join(values)), fill(say[0], l=expect)
    elif kind in ("count", "countdown"):
        low = between(rng, 1, 20) if "$a" in core else 1
        high = low + between(rng, 2, 14)
        numbers = range(low, high + 1) if kind == "count" else range(high, low - 1, -1)
        expect = ", ".join(map(str, numbers))
        text, reply = fill(template, a=low, b=high), expect + "."
    else:
        a = between(rng, 1, 99 if kind in ("word", "double") else 200)
        if kind == "even":
            expect = say[5 if a % 2 == 0 else 6].replace("$a", str(a))
            reply = expect
        elif kind == "word":
            expect = spelled_number(a, lang)
            reply = fill(say[8], a=a, v=expect)
        else:
            expect = str({"next": a + 1, "previous": a - 1, "double": 2 * a}[kind])
            reply = fill(say[{"next": 3, "previous": 4, "double": 7}[kind]], a=a, v=expect)
        text = fill(template, a=a)
    group = {"up": "sort", "down": "sort", "words": "sort words", "max": "compare", "min": "compare", "count": "count", "countdown": "count"}.get(kind, "numbers")
    return Turn(text, reply, kind=group, expect=((expect,),))


_TALLER = {
    "en": (("taller", "tallest", "shortest"), ("older", "oldest", "youngest"), ("faster", "fastest", "slowest"), ("stronger", "strongest", "weakest")),
    "es": (("más alto", "el más alto", "el más bajo"), ("mayor", "el mayor", "el menor"), ("más rápido", "el más rápido", "el más lento"), ("más fuerte", "el más fuerte", "el más débil")),
}


def _three_names(rng, state):
    while True:
        names = [words.name(rng) for _ in range(3)]
        if len(set(names)) == 3 and is_held_out(names[0], names[1]) == state.held_out and is_held_out(names[1], names[2]) == state.held_out:
            return names


def reason_turn(rng, state):
    """A conclusion from two or three facts in the same message."""
    lang = state.lang
    a, b, c = _three_names(rng, state)
    kind = rng.random()
    if kind < 0.4:
        more, most, least = pick(rng, _TALLER[lang])
        facts = [f"{a} is {more} than {b}", f"{b} is {more} than {c}"] if lang == "en" else [f"{a} es {more} que {b}", f"{b} es {more} que {c}"]
        if chance(rng, 0.4):
            facts.reverse()
        top = chance(rng, 0.5)
        word, answer = (most, a) if top else (least, c)
        ask = f"who is the {word}" if lang == "en" else f"quién es {word}"
        reply = f"{answer} is the {word}." if lang == "en" else f"{answer} es {word}."
    elif kind < 0.75:
        colours = _distinct(rng, words.COLOURS[lang], 3)
        thing = pick(rng, words.TOYS[lang])
        article = "the" if lang == "en" else pick(rng, ("su",))
        owners = [a, b, c][: between(rng, 2, 3)]
        if lang == "en":
            facts = [f"{n} has {article} {col} {thing}" for n, col in zip(owners, colours)]
        else:
            facts = [f"{n} tiene {article} {thing} de color {col}" for n, col in zip(owners, colours)]
        i = int(rng.random() * len(owners))
        answer = owners[i]
        if chance(rng, 0.5):
            ask = f"who has the {colours[i]} {thing}" if lang == "en" else f"quién tiene {article} {thing} de color {colours[i]}"
        else:
            answer = colours[i]
            ask = f"which {thing} does {owners[i]} have" if lang == "en" else f"de qué color es el objeto de {owners[i]}"
        reply = f"{owners[i]} has the {colours[i]} {thing}." if lang == "en" else f"{owners[i]} tiene {article} {thing} de color {colours[i]}."
    else:
        places = _distinct(rng, words.PLACES[lang], 3)
        owners = [a, b]
        where = {a: places[0], b: places[1]}
        facts = [f"{n} is in {where[n]}" if lang == "en" else f"{n} está en {where[n]}" for n in owners]
        if chance(rng, 0.6):
            mover = pick(rng, owners)
            where[mover] = places[2]
            facts.append(f"{mover} goes to {places[2]}" if lang == "en" else f"{mover} va a {places[2]}")
        who = pick(rng, owners)
        answer = where[who]
        ask = f"where is {who}" + ("" if chance(rng, 0.5) else " now") if lang == "en" else f"dónde está {who}" + ("" if chance(rng, 0.5) else " ahora")
        reply = f"{who} is in {answer}." if lang == "en" else f"{who} está en {answer}."
    text = ". ".join(facts) + ". " + capital(("¿" if lang == "es" and chance(rng, 0.7) else "") + ask) + ("?" if chance(rng, 0.85) else "")
    return Turn(text.replace(" a el ", " al "), reply.replace(" a el ", " al "), kind="reason", expect=((answer,),))


def _distinct(rng, items, count):
    chosen = []
    while len(chosen) < count:
        item = pick(rng, items)
        if item not in chosen:
            chosen.append(item)
    return chosen


_CAPITAL = {
    "en": ("what is the capital of $v; what's the capital of $v; capital of $v; do you know the capital of $v; which city is the capital of $v; tell me the capital of $v", "The capital of $v is $w.", "which country has the capital $w; of which country is $w the capital", "$w is the capital of $v."),
    "es": ("cuál es la capital de $v; capital de $v; sabes la capital de $v; qué ciudad es la capital de $v; dime la capital de $v", "La capital de $v es $w.", "de qué país es capital $w; qué país tiene de capital $w", "$w es la capital de $v."),
}


def capital_turn(rng, state):
    lang = state.lang
    ask, say, back, said = _CAPITAL[lang]
    i = int(rng.random() * len(words.CAPITALS[lang]))
    country, town = words.CAPITALS[lang][i], words.CAPITAL_CITIES[lang][i]
    if chance(rng, 0.75):
        text, reply, expect = expand(rng, pick(rng, ask.split("; "))), say, town
    else:
        text, reply, expect = expand(rng, pick(rng, back.split("; "))), said, country
    text = fill(question(rng, text, lang), v=country, w=town)
    return Turn(text.lower() if chance(rng, 0.2) else text, fill(reply, v=country, w=town), kind="capital", expect=((expect,),))


_TRANSLATED = ("COLOURS", "FOODS", "ANIMALS", "JOBS", "SPORTS", "LANGUAGES", "TOYS", "SHOPPING", "DAYS", "MONTHS")
_TRANSLATE = {
    "en": ("how do you say $v in Spanish; what is $v in Spanish; translate $v into Spanish; translate $v to Spanish; what is the Spanish word for $v", "In Spanish: $w.", "what does $v mean; what does $v mean in English; what is $v in English; translate $v into English; how do you say $v in English", "In English: $w."),
    "es": ("cómo se dice $v en inglés; qué es $v en inglés; traduce $v al inglés; cuál es la palabra inglesa para $v", "En inglés: $w.", "cómo se dice $v en español; qué significa $v en español; traduce $v al español; qué es $v en español", "En español: $w."),
}


def translate_turn(rng, state):
    """Single words between the two languages."""
    lang, other = state.lang, "es" if state.lang == "en" else "en"
    table = getattr(words, pick(rng, _TRANSLATED))
    i = int(rng.random() * len(table[lang]))
    here, there = table[lang][i], table[other][i]
    to, say, back, said = _TRANSLATE[lang]
    if here == there:
        return None
    if chance(rng, 0.6):
        text, reply = fill(question(rng, pick(rng, to.split("; ")), lang), v=here), fill(say, w=there)
    else:
        text, reply = fill(question(rng, pick(rng, back.split("; ")), lang), v=there), fill(said, w=here)
        there = here
    return Turn(text, reply, kind="translate", expect=((there,),))
