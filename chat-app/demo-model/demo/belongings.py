"""Anything else the user calls his own: people, pets and things with names or properties, told and asked for."""

from . import words
from .dialogue import Turn
from .grammar import between, capital, chance, expand, fill, is_held_out, pick, question, statement

_NAMED = words.pairs("""
dog=perro, cat=gato, horse=caballo, parrot=loro, rabbit=conejo, hamster=hámster, mother=madre, father=padre, son=hijo, daughter=hija, wife=mujer, husband=marido, aunt=tía, uncle=tío,
cousin=primo, teacher=profesor, boss=jefe, neighbour=vecino, grandmother=abuela, grandfather=abuelo, boat=barco, school=escuela, company=empresa, street=calle, village=pueblo, team=equipo, doctor=médico,
baby=bebé, band=grupo, favourite singer=cantante favorito, favourite book=libro favorito, favourite film=película favorita, favourite song=canción favorita, girlfriend=novia, boyfriend=novio, colleague=colega,
nephew=sobrino, niece=sobrina, partner=pareja, roommate=compañero de piso, turtle=tortuga, goldfish=pez, robot=robot, project=proyecto
""")
_COLOURED = words.pairs("car=coche, house=casa, bicycle=bicicleta, room=cuarto, door=puerta, shirt=camisa, bag=bolsa, hat=sombrero, phone=teléfono, sofa=sofá, kitchen=cocina, garden gate=verja, umbrella=paraguas, coat=abrigo")
_NUMBERED = words.pairs("shoe size=talla de zapato, room number=número de habitación, house number=número de casa, bus=autobús, flight number=número de vuelo, weight=peso, height=altura, score=puntuación, floor=piso, locker=taquilla, postcode=código postal, table number=número de mesa")
_WORDED = words.pairs("hobby=afición, dream=sueño, plan=plan, favourite subject=asignatura favorita, favourite flower=flor favorita, nickname=apodo, username=usuario, middle name=segundo nombre, surname=apellido, favourite word=palabra favorita, star sign=signo, goal=meta")

_SAY = {
    "en": {
        "named": ("my $o is called $v; my $o's name is $v; my $o is called $v; my $o is named $v; the name of my $o is $v; i have a $o called $v; i have a $o named $v", "what is my $o's name; what's my $o's name; what is my $o called; what's the name of my $o; how is my $o called; do you {remember|know} my $o's name; tell me my $o's name; what is the name of my $o; what name has my $o", "Your $o is called $v."),
        "plain": ("my $o is $v; my $o is $v; i think my $o is $v; you know, my $o is $v; remember that my $o is $v", "what is my $o; what's my $o; do you {remember|know} my $o; tell me my $o; what did i say about my $o; how is my $o; {which|what} is my $o", "Your $o is $v."),
        "coloured": ("my $o is $v; i have a $v $o; the colour of my $o is $v", "what colour is my $o; what is the colour of my $o; {which|what} colo{u|}r has my $o; do you remember the colour of my $o; tell me the color of my $o; how is my $o", "Your $o is $v."),
        "unknown": "I do not know, you have not told me about your $o.", "got": ("Got it", "Okay", "Noted", "I will remember that", "Good to know"),
    },
    "es": {
        "named": ("mi $o se llama $v; mi $o se llama $v; el nombre de mi $o es $v; mi $o tiene el nombre $v", "cómo se llama mi $o; cuál es el nombre de mi $o; recuerdas cómo se llama mi $o; dime el nombre de mi $o; sabes cómo se llama mi $o; qué nombre tiene mi $o; te acuerdas de cómo se llama mi $o", "Tu $o se llama $v."),
        "plain": ("mi $o es $v; mi $o es $v; creo que mi $o es $v; recuerda que mi $o es $v; sabes, mi $o es $v", "cuál es mi $o; qué dije de mi $o; recuerdas mi $o; dime mi $o; sabes mi $o; te acuerdas de mi $o", "Tu $o es $v."),
        "coloured": ("mi $o es de color $v; el color de mi $o es $v; tengo de color $v mi $o", "de qué color es mi $o; cuál es el color de mi $o; recuerdas el color de mi $o; dime el color de mi $o; qué color tiene mi $o", "Tu $o es de color $v."),
        "unknown": "No lo sé, no me has hablado de tu $o.", "got": ("Entendido", "Vale", "Anotado", "Lo recordaré", "Bueno es saberlo"),
    },
}


def _value(rng, lang, kind):
    if kind == "named":
        return words.name(rng) if chance(rng, 0.7) else capital(words.any_word(rng, lang))
    if kind == "coloured":
        return pick(rng, words.COLOURS[lang])
    return str(between(rng, 1, 9999 if chance(rng, 0.3) else 200)) if kind == "numbered" else words.any_word(rng, lang)


_TABLES = (("named", _NAMED, 5), ("coloured", _COLOURED, 2), ("numbered", _NUMBERED, 1), ("worded", _WORDED, 2))
_DRAWN = [(kind, table) for kind, table, weight in _TABLES for _ in range(weight)]


def own_turn(rng, state):
    lang = state.lang
    say = _SAY[lang]
    known = [k for k in state.facts if k[0] == "own" and k[3] == lang]
    if known and chance(rng, 0.5):
        key = pick(rng, known)
    else:
        kind, table = pick(rng, _DRAWN)
        key = ("own", kind, pick(rng, table[lang]), lang)
    _, kind, thing, _ = key
    tell, ask, reply = say[kind if kind in say else "plain"]
    value = state.get(key)
    if value is None and not chance(rng, 0.2):
        for _ in range(60):
            value = _value(rng, lang, kind)
            if is_held_out(thing, value) == state.held_out:
                text = statement(rng, fill(pick(rng, tell.split("; ")), o=thing, v=value), lang)
                answer = fill(reply, o=thing, v=value)
                return Turn(text, f"{pick(rng, say['got'])}: {answer[0].lower()}{answer[1:]}", kind="own tell", told=((key, value),))
        return None
    text = fill(question(rng, expand(rng, pick(rng, ask.split("; "))), lang), o=thing)
    if value is None:
        return Turn(text, fill(say["unknown"], o=thing), kind="own unknown", expect=(("not told",) if lang == "en" else ("no me has hablado",),))
    return Turn(text, fill(reply, o=thing, v=value), kind="own", told=((key, value),), expect=((value,),), distance=state.age(key))
