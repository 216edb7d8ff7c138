"""What a user may tell about himself: how it is said, asked for and answered, in both languages."""

from dataclasses import dataclass

from . import words
from .grammar import between, chance, pick


@dataclass(frozen=True)
class Attribute:
    tell: tuple  # first-person clauses with $v
    you: str  # the same in the second person, as the answer says it
    ask: tuple
    noun: str  # what is missing when it was never told
    confirm: tuple = ()  # yes/no questions with $v


def _t(text):
    return tuple(p.strip() for p in text.split(";") if p.strip())


def attribute(tell, you, ask, noun, confirm=""):
    return Attribute(_t(tell), you, _t(ask), noun, _t(confirm))


def _from(table):
    return lambda rng, lang: pick(rng, table[lang])


def _code(rng, lang):
    return "".join(str(between(rng, 0, 9)) for _ in range(between(rng, 3, 6)))


VALUES = {
    "name": lambda rng, lang: words.name(rng),
    "live": lambda rng, lang: words.city(rng),
    "from": lambda rng, lang: words.city(rng) if chance(rng, 0.6) else pick(rng, words.COUNTRIES[lang]),
    "age": lambda rng, lang: str(between(rng, 5, 99)),
    "job": _from(words.JOBS),
    "pet": _from(words.PETS),
    "petname": lambda rng, lang: words.name(rng),
    "colour": _from(words.COLOURS),
    "food": _from(words.FOODS),
    "drink": _from(words.DRINKS),
    "animal": _from(words.ANIMALS),
    "number": lambda rng, lang: str(between(rng, 0, 999)),
    "sport": _from(words.SPORTS),
    "instrument": _from(words.INSTRUMENTS),
    "language": _from(words.LANGUAGES),
    "brother": lambda rng, lang: words.name(rng),
    "sister": lambda rng, lang: words.name(rng),
    "friend": lambda rng, lang: words.name(rng),
    "birthday": _from(words.MONTHS),
    "exam": _from(words.DAYS),
    "code": _code,
    "word": lambda rng, lang: words.invented_word(rng, 1, 3) if chance(rng, 0.4) else pick(rng, words.COMMON[lang]),
    "travel": lambda rng, lang: words.city(rng),
    "work": lambda rng, lang: pick(rng, words.PLACES[lang]),
}

ATTRIBUTES = {
    "en": {
        "name": attribute(
            "my name is $v; my name is $v; i am $v; i'm $v; call me $v; you can call me $v; my name's $v; people call me $v; this is $v; $v is my name; they call me $v",
            "your name is $v",
            "what is my name; what's my name; do you {remember|know|recall} my name; who am i; how am i called; {can|could} you {tell me|say} my name; tell me my name; what did i say my name was; say my name; remember my name; what am i called; which name did i give you; what do people call me; did i tell you my name; i forgot my name, what is it",
            "your name", "is my name $v; am i $v; am i called $v"),
        "live": attribute(
            "i live in $v; i live in $v; i'm living in $v; my home is in $v; my house is in $v; i am living in $v; i moved to $v; my city is $v; i have a flat in $v",
            "you live in $v",
            "where do i live; where do i live; in {which|what} {city|town|place} do i live; {which|what} city do i live in; where is my {home|house}; do you {remember|know|recall} where i live; tell me where i live; what is my city; where am i living; what is my home town; can you tell me where i live; where did i say i live; which city is my home; what's my city",
            "where you live", "do i live in $v; is my home in $v; am i living in $v"),
        "from": attribute(
            "i am from $v; i'm from $v; i come from $v; i was born in $v; i grew up in $v; my family is from $v",
            "you are from $v",
            "where am i from; where do i come from; where was i born; where did i grow up; do you {know|remember} where i am from; tell me where i come from; what is my birthplace; which place do i come from; where did i say i am from; what is my origin; where is my family from",
            "where you are from", "am i from $v; do i come from $v"),
        "age": attribute(
            "i am $v years old; i'm $v years old; my age is $v; i am $v; i'm $v; i turned $v; i just turned $v",
            "you are $v years old",
            "how old am i; what is my age; what's my age; do you {remember|know} {my age|how old i am}; tell me my age; can you tell me how old i am; what age am i; how many years old am i; my age, please; which age did i tell you",
            "your age", "am i $v years old; am i $v"),
        "job": attribute(
            "i work as a $v; i am a $v; i'm a $v; my job is $v; my profession is $v; i work as $v; by profession i am a $v",
            "you work as a $v",
            "what is my job; what's my job; what do i do [for a living]; what is my profession; what do i work as; do you {remember|know} {my job|what i do for a living}; tell me my job; which job do i have; what kind of work do i do; what's my profession; how do i earn my money; what is my occupation",
            "your job", "am i a $v; do i work as a $v"),
        "pet": attribute(
            "i have a $v; i have a pet $v; i own a $v; my pet is a $v; i've got a $v; there is a $v in my house",
            "you have a $v",
            "what pet do i have; which pet do i have; what animal do i have; what is my pet; what kind of pet do i have; do you remember {my pet|what pet i have}; which animal lives with me; do i have a pet; tell me what pet i have; what animal do i own; what kind of animal is my pet",
            "what pet you have", "do i have a $v; is my pet a $v"),
        "petname": attribute(
            "my pet is called $v; my pet's name is $v; the name of my pet is $v; i call my pet $v; my pet is named $v",
            "your pet is called $v",
            "what is my pet's name; what is my pet called; how is my pet called; what's the name of my pet; do you remember my pet's name; tell me the name of my pet; what do i call my pet; who is my pet; what's my pet's name; which name has my pet; what is the name of my pet",
            "your pet's name", "is my pet called $v"),
        "colour": attribute(
            "my favourite colour is $v; my favorite color is $v; i like the colour $v; i love $v, it is my favourite colour; the colour i like most is $v; $v is my favourite colour; my favorite colour is $v",
            "your favourite colour is $v",
            "what is my favourite colour; what's my favourite colour; what is my favorite color; what's my favorite color; {which|what} colo{u|}r do i like [most|best]; do you {remember|know} my favourite colour; tell me my favorite color; what colour did i say i like; what's the colour i like; my favourite colour, what is it",
            "your favourite colour", "is my favourite colour $v; do i like the colour $v; is $v my favourite colour"),
        "food": attribute(
            "my favourite food is $v; my favorite food is $v; i love to eat $v; i like eating $v; i love eating $v; $v is my favourite food; the food i like most is $v",
            "your favourite food is $v",
            "what is my favourite food; what's my favorite food; what do i like to eat; what food do i like [most|best]; do you {remember|know} {my favourite food|what i like to eat}; tell me my favourite food; what do i love to eat; which food do i like; what should you cook for me; what is my favorite food",
            "your favourite food", "is my favourite food $v; do i like $v"),
        "drink": attribute(
            "my favourite drink is $v; my favorite drink is $v; i like to drink $v; i love drinking $v; i always drink $v; the drink i like most is $v",
            "your favourite drink is $v",
            "what is my favourite drink; what's my favorite drink; what do i like to drink; which drink do i like; do you remember my favourite drink; tell me my favourite drink; what do i always drink; what is my favorite drink; what drink do i prefer",
            "your favourite drink", "is my favourite drink $v"),
        "animal": attribute(
            "my favourite animal is the $v; my favorite animal is the $v; the animal i like most is the $v; i love the $v, it is my favourite animal",
            "your favourite animal is the $v",
            "what is my favourite animal; what's my favorite animal; which animal do i like [most|best]; do you remember my favourite animal; tell me my favourite animal; what is my favorite animal; which animal is my favourite",
            "your favourite animal", "is my favourite animal the $v"),
        "number": attribute(
            "my lucky number is $v; my favourite number is $v; my favorite number is $v; the number i like most is $v; $v is my lucky number",
            "your lucky number is $v",
            "what is my lucky number; what's my lucky number; what is my favourite number; what's my favorite number; which number do i like [most|best]; do you remember my {lucky|favourite} number; tell me my {lucky|favorite} number; which number is my lucky number",
            "your lucky number", "is my lucky number $v; is $v my lucky number"),
        "sport": attribute(
            "my favourite sport is $v; my favorite sport is $v; i like $v, it is my sport; my sport is $v; the sport i like is $v; in my free time i do $v",
            "your favourite sport is $v",
            "what is my favourite sport; what's my favorite sport; which sport do i {like|do}; what sport do i like; do you remember my {favourite|} sport; tell me my sport; what is my sport; what is my hobby",
            "your favourite sport", "is my favourite sport $v"),
        "instrument": attribute(
            "i play the $v; i can play the $v; my instrument is the $v; i am learning the $v; i've played the $v for years; i'm learning to play the $v",
            "you play the $v",
            "what instrument do i play; which instrument do i play; what do i play; what is my instrument; do you remember {my instrument|what i play}; tell me what instrument i play; which musical instrument do i play; what instrument am i learning",
            "what instrument you play", "do i play the $v; is my instrument the $v"),
        "language": attribute(
            "i speak $v; i am learning $v; i study $v; i'm learning $v; i want to learn $v; i can speak $v",
            "you speak or learn $v",
            "{which|what} language do i {speak|learn|study}; {which|what} language am i learning; what language did i mention; do you remember {which|what} language i {speak|learn|study}; tell me which language i am learning",
            "which language you speak or learn", "do i speak $v; am i learning $v"),
        "brother": attribute(
            "my brother is called $v; my brother's name is $v; my brother is $v; i have a brother called $v; i have a brother, $v; the name of my brother is $v",
            "your brother is called $v",
            "what is my brother's name; what is my brother called; who is my brother; what's the name of my brother; do you remember my brother's name; tell me my brother's name; what's my brother's name; how is my brother called",
            "your brother's name", "is my brother called $v"),
        "sister": attribute(
            "my sister is called $v; my sister's name is $v; my sister is $v; i have a sister called $v; i have a sister, $v; the name of my sister is $v",
            "your sister is called $v",
            "what is my sister's name; what is my sister called; who is my sister; what's the name of my sister; do you remember my sister's name; tell me my sister's name; what's my sister's name; how is my sister called",
            "your sister's name", "is my sister called $v"),
        "friend": attribute(
            "my best friend is $v; my friend is called $v; my best friend is called $v; i have a friend called $v; my best friend's name is $v; my friend's name is $v",
            "your friend is called $v",
            "who is my [best] friend; what is my [best] friend's name; what is my friend called; do you remember {my friend|my best friend|my friend's name}; tell me my friend's name; what's the name of my [best] friend",
            "your friend's name", "is my friend called $v; is $v my friend"),
        "birthday": attribute(
            "my birthday is in $v; i was born in the month of $v; i have my birthday in $v; my birth month is $v",
            "your birthday is in $v",
            "when is my birthday; in {which|what} month is my birthday; what month is my birthday [in]; do you {remember|know} {my birthday|when my birthday is}; tell me when my birthday is; what is my birth month; when do i have my birthday",
            "your birthday", "is my birthday in $v"),
        "exam": attribute(
            "my exam is on $v; i have an exam on $v; i have an appointment on $v; my appointment is on $v; there is a meeting on $v; my meeting is on $v",
            "it is on $v",
            "when is my {exam|appointment|meeting}; on {which|what} day is my {exam|appointment|meeting}; what day is my {exam|appointment|meeting}; do you remember when my {exam|appointment|meeting} is; tell me the day of my {exam|appointment|meeting}",
            "that day", ""),
        "code": attribute(
            "remember the {number|code|pin} $v; the {code|pin|secret number|door code} is $v; my {code|pin} is $v; please remember the {code|number} $v; keep the {code|number} $v in mind; the secret code is $v; my phone number is $v",
            "the number is $v",
            "what was the {number|code|pin}; what {number|code} did i {tell|give} you; {which|what} {number|code} should you remember; what is the [secret] {code|number|pin}; what's the code; tell me the {code|number|pin}; do you remember the {code|number|pin}; what is my {code|pin|phone number}; repeat the {code|number}",
            "a number or code", "is the code $v"),
        "word": attribute(
            "remember the word $v; the password is $v; the secret word is $v; please remember the word $v; keep the word $v in mind; my password is $v; the magic word is $v",
            "the word is $v",
            "what was the {word|password|secret word}; what word did i tell you [to remember]; {which|what} word should you remember; what is the {password|secret word|magic word}; tell me the {word|password|secret word}; do you remember the {word|password|secret word}; what is my password; what's the password; say the magic word",
            "a word or password", "is the password $v; is the word $v"),
        "travel": attribute(
            "i am travelling to $v; i want to travel to $v; i will fly to $v; my next trip is to $v; i'm going on holiday to $v; i am going to $v; next week i go to $v; i want to visit $v",
            "you travel to $v",
            "where am i {travelling|traveling|going|flying} [to]; where do i want to {travel|go} [to]; where is my next trip; do you remember where i am {going|travelling}; tell me where i am {going|travelling}; which city do i want to visit; where will i fly; where do i go on holiday",
            "where you travel", "am i travelling to $v; do i want to visit $v"),
        "work": attribute(
            "i work in $v; i work at $v; my work is in $v; i have a job in $v",
            "you work in $v",
            "where do i work; where is my work; do you remember where i work; tell me where i work; what is my place of work; at which place do i work",
            "where you work", "do i work in $v"),
    },
    "es": {
        "name": attribute(
            "me llamo $v; me llamo $v; mi nombre es $v; soy $v; llámame $v; puedes llamarme $v; todos me llaman $v; yo soy $v; yo me llamo $v; $v es mi nombre",
            "te llamas $v",
            "cómo me llamo; cuál es mi nombre; recuerdas {mi nombre|cómo me llamo}; sabes {mi nombre|cómo me llamo}; quién soy; dime {mi nombre|cómo me llamo}; puedes decirme mi nombre; qué nombre te dije; qué nombre tengo; cómo dije que me llamaba; te acuerdas de {mi nombre|cómo me llamo}; di mi nombre; te dije mi nombre; he olvidado mi nombre, cuál es; cómo me llaman",
            "tu nombre", "me llamo $v; soy $v; mi nombre es $v"),
        "live": attribute(
            "vivo en $v; vivo en $v; mi casa está en $v; estoy viviendo en $v; mi ciudad es $v; me mudé a $v; tengo un piso en $v; yo vivo en $v",
            "vives en $v",
            "dónde vivo; dónde vivo; en qué {ciudad|lugar|sitio} vivo; cuál es mi ciudad; dónde está mi casa; recuerdas dónde vivo; sabes dónde vivo; dime dónde vivo; puedes decirme dónde vivo; dónde dije que vivo; te acuerdas de dónde vivo; qué ciudad es mi casa; dónde estoy viviendo; en dónde vivo",
            "dónde vives", "vivo en $v; está mi casa en $v; es $v mi ciudad"),
        "from": attribute(
            "soy de $v; vengo de $v; nací en $v; crecí en $v; mi familia es de $v; yo soy de $v",
            "eres de $v",
            "de dónde soy; de dónde vengo; dónde nací; dónde crecí; recuerdas de dónde soy; sabes de dónde soy; dime de dónde soy; cuál es mi origen; de dónde dije que soy; de qué lugar soy; de dónde es mi familia; te acuerdas de dónde soy",
            "de dónde eres", "soy de $v; vengo de $v"),
        "age": attribute(
            "tengo $v años; mi edad es $v; he cumplido $v; acabo de cumplir $v; tengo ya $v años; yo tengo $v años",
            "tienes $v años",
            "cuántos años tengo; qué edad tengo; cuál es mi edad; recuerdas mi edad; sabes {cuántos años tengo|mi edad}; dime {mi edad|cuántos años tengo}; te acuerdas de mi edad; qué edad te dije; puedes decirme mi edad",
            "tu edad", "tengo $v años; es $v mi edad"),
        "job": attribute(
            "trabajo de $v; soy $v de profesión; trabajo como $v; mi trabajo es $v; mi profesión es $v; de profesión soy $v",
            "trabajas de $v",
            "en qué trabajo; cuál es mi {trabajo|profesión|oficio}; de qué trabajo; qué profesión tengo; a qué me dedico; recuerdas {mi trabajo|en qué trabajo|mi profesión}; dime {mi profesión|en qué trabajo}; qué trabajo tengo; cómo me gano la vida; te acuerdas de mi {profesión|trabajo}",
            "tu trabajo", "trabajo de $v; es mi trabajo $v"),
        "pet": attribute(
            "tengo $v; tengo de mascota $v; mi mascota es $v; en casa tengo $v; en casa hay $v; tengo $v en casa",
            "tienes $v",
            "qué mascota tengo; qué animal tengo; cuál es mi mascota; qué tengo de mascota; recuerdas {mi mascota|qué mascota tengo}; tengo una mascota; qué animal vive conmigo; dime qué mascota tengo; qué clase de mascota tengo; qué animal es mi mascota",
            "qué mascota tienes", "tengo $v; es mi mascota $v"),
        "petname": attribute(
            "mi mascota se llama $v; el nombre de mi mascota es $v; llamo $v a mi mascota; a mi mascota la llamo $v",
            "tu mascota se llama $v",
            "cómo se llama mi mascota; cuál es el nombre de mi mascota; qué nombre tiene mi mascota; recuerdas cómo se llama mi mascota; dime el nombre de mi mascota; cómo llamo a mi mascota; sabes cómo se llama mi mascota; te acuerdas del nombre de mi mascota",
            "el nombre de tu mascota", "se llama $v mi mascota; mi mascota se llama $v"),
        "colour": attribute(
            "mi color favorito es el $v; mi color favorito es $v; me gusta el color $v; el color que más me gusta es el $v; el $v es mi color favorito; prefiero el color $v",
            "tu color favorito es $v",
            "cuál es mi color favorito; qué color me gusta [más]; qué color prefiero; recuerdas mi color favorito; sabes mi color favorito; dime mi color favorito; qué color dije que me gusta; te acuerdas de mi color favorito; mi color favorito, cuál es",
            "tu color favorito", "es mi color favorito el $v; me gusta el color $v"),
        "food": attribute(
            "mi comida favorita es $v; me gusta comer $v; me encanta comer $v; la comida que más me gusta es $v; lo que más me gusta comer es $v; mi plato favorito es $v",
            "tu comida favorita es $v",
            "cuál es mi comida favorita; qué me gusta comer; qué comida me gusta [más]; qué comida prefiero; recuerdas {mi comida favorita|qué me gusta comer}; dime mi comida favorita; sabes cuál es mi comida favorita; cuál es mi plato favorito; te acuerdas de mi comida favorita",
            "tu comida favorita", "es mi comida favorita $v; me gusta comer $v"),
        "drink": attribute(
            "mi bebida favorita es $v; me gusta beber $v; siempre bebo $v; lo que más me gusta beber es $v; me encanta beber $v",
            "tu bebida favorita es $v",
            "cuál es mi bebida favorita; qué me gusta beber; qué bebida prefiero; recuerdas mi bebida favorita; dime mi bebida favorita; qué bebo siempre; te acuerdas de mi bebida favorita",
            "tu bebida favorita", "es mi bebida favorita $v"),
        "animal": attribute(
            "mi animal favorito es el $v; el animal que más me gusta es el $v; me gusta mucho el $v, es mi animal favorito",
            "tu animal favorito es $v",
            "cuál es mi animal favorito; qué animal me gusta [más]; qué animal prefiero; recuerdas mi animal favorito; dime mi animal favorito; te acuerdas de mi animal favorito",
            "tu animal favorito", "es mi animal favorito el $v"),
        "number": attribute(
            "mi número de la suerte es el $v; mi número favorito es el $v; el número que más me gusta es el $v; mi número de la suerte es $v",
            "tu número de la suerte es $v",
            "cuál es mi número {de la suerte|favorito}; qué número me gusta [más]; recuerdas mi número {de la suerte|favorito}; dime mi número {de la suerte|favorito}; te acuerdas de mi número {de la suerte|favorito}",
            "tu número de la suerte", "es mi número de la suerte el $v"),
        "sport": attribute(
            "mi deporte favorito es $v; mi deporte es $v; el deporte que más me gusta es $v; en mi tiempo libre hago $v; practico $v",
            "tu deporte favorito es $v",
            "cuál es mi deporte [favorito]; qué deporte me gusta [más]; qué deporte {hago|practico}; recuerdas mi deporte [favorito]; dime mi deporte favorito; cuál es mi afición; te acuerdas de mi deporte",
            "tu deporte favorito", "es mi deporte favorito $v"),
        "instrument": attribute(
            "toco $v; sé tocar $v; mi instrumento es $v; estoy aprendiendo a tocar $v; aprendo $v; toco $v desde hace años",
            "tocas $v",
            "qué instrumento toco; qué toco; cuál es mi instrumento; recuerdas {mi instrumento|qué instrumento toco}; dime qué instrumento toco; qué instrumento musical toco; te acuerdas de qué instrumento toco; qué instrumento estoy aprendiendo",
            "qué instrumento tocas", "toco $v; es mi instrumento $v"),
        "language": attribute(
            "hablo $v; estoy aprendiendo $v; estudio $v; quiero aprender $v; sé hablar $v; aprendo $v",
            "hablas o aprendes $v",
            "qué idioma {hablo|estudio|aprendo}; qué idioma estoy aprendiendo; qué lengua {hablo|estudio}; recuerdas qué idioma {hablo|estudio|aprendo}; dime qué idioma estoy aprendiendo; qué idioma dije",
            "qué idioma hablas o aprendes", "hablo $v; estudio $v"),
        "brother": attribute(
            "mi hermano se llama $v; el nombre de mi hermano es $v; mi hermano es $v; tengo un hermano que se llama $v; tengo un hermano, $v",
            "tu hermano se llama $v",
            "cómo se llama mi hermano; cuál es el nombre de mi hermano; quién es mi hermano; recuerdas cómo se llama mi hermano; dime el nombre de mi hermano; sabes cómo se llama mi hermano; qué nombre tiene mi hermano",
            "el nombre de tu hermano", "se llama $v mi hermano; mi hermano se llama $v"),
        "sister": attribute(
            "mi hermana se llama $v; el nombre de mi hermana es $v; mi hermana es $v; tengo una hermana que se llama $v; tengo una hermana, $v",
            "tu hermana se llama $v",
            "cómo se llama mi hermana; cuál es el nombre de mi hermana; quién es mi hermana; recuerdas cómo se llama mi hermana; dime el nombre de mi hermana; sabes cómo se llama mi hermana; qué nombre tiene mi hermana",
            "el nombre de tu hermana", "se llama $v mi hermana; mi hermana se llama $v"),
        "friend": attribute(
            "mi mejor amigo es $v; mi amigo se llama $v; mi mejor amigo se llama $v; tengo un amigo que se llama $v; el nombre de mi amigo es $v",
            "tu amigo se llama $v",
            "quién es mi [mejor] amigo; cómo se llama mi [mejor] amigo; recuerdas {a mi amigo|cómo se llama mi amigo}; dime el nombre de mi amigo; cuál es el nombre de mi [mejor] amigo; te acuerdas de mi amigo",
            "el nombre de tu amigo", "se llama $v mi amigo; es $v mi amigo"),
        "birthday": attribute(
            "mi cumpleaños es en $v; nací en el mes de $v; cumplo años en $v; mi mes de nacimiento es $v",
            "tu cumpleaños es en $v",
            "cuándo es mi cumpleaños; en qué mes {es mi cumpleaños|cumplo años|nací}; recuerdas {mi cumpleaños|cuándo es mi cumpleaños}; dime cuándo es mi cumpleaños; cuándo cumplo años; sabes cuándo es mi cumpleaños",
            "tu cumpleaños", "es mi cumpleaños en $v"),
        "exam": attribute(
            "mi examen es el $v; tengo un examen el $v; tengo una cita el $v; mi cita es el $v; tengo una reunión el $v; mi reunión es el $v",
            "es el $v",
            "cuándo es mi {examen|cita|reunión}; qué día es mi {examen|cita|reunión}; qué día tengo {el examen|la cita|la reunión}; recuerdas cuándo es mi {examen|cita|reunión}; dime el día de mi {examen|cita|reunión}",
            "ese día", ""),
        "code": attribute(
            "recuerda el {número|código} $v; el {código|número secreto|código de la puerta|pin} es $v; mi {código|pin} es $v; por favor recuerda el {número|código} $v; el código secreto es $v; mi teléfono es el $v; ten en cuenta el número $v",
            "el número es $v",
            "cuál era el {número|código|pin}; qué {número|código} te {dije|di}; cuál es el {código|número secreto|pin|código secreto}; dime el {código|número|pin}; recuerdas el {código|número|pin}; qué número tenías que recordar; cuál es mi {código|pin|teléfono}; repite el {código|número}; te acuerdas del {código|número}",
            "un número o código", "es el código $v"),
        "word": attribute(
            "recuerda la palabra $v; la contraseña es $v; la palabra secreta es $v; por favor recuerda la palabra $v; mi contraseña es $v; la palabra mágica es $v; ten en cuenta la palabra $v",
            "la palabra es $v",
            "cuál era la {palabra|contraseña|palabra secreta}; qué palabra te dije; cuál es la {contraseña|palabra secreta|palabra mágica}; dime la {palabra|contraseña}; recuerdas la {palabra|contraseña|palabra secreta}; qué palabra tenías que recordar; cuál es mi contraseña; di la palabra mágica; te acuerdas de la {palabra|contraseña}",
            "una palabra o contraseña", "es la contraseña $v; es la palabra $v"),
        "travel": attribute(
            "viajo a $v; quiero viajar a $v; voy a viajar a $v; mi próximo viaje es a $v; me voy de vacaciones a $v; la semana que viene voy a $v; quiero visitar $v; vuelo a $v",
            "viajas a $v",
            "adónde {viajo|voy|vuelo}; a dónde {viajo|voy}; adónde quiero {viajar|ir}; cuál es mi próximo viaje; recuerdas adónde {viajo|voy}; dime adónde {viajo|voy}; qué ciudad quiero visitar; adónde voy de vacaciones; te acuerdas de adónde viajo",
            "adónde viajas", "viajo a $v; quiero visitar $v"),
        "work": attribute(
            "trabajo en $v; mi trabajo está en $v; tengo un trabajo en $v; yo trabajo en $v",
            "trabajas en $v",
            "dónde trabajo; dónde está mi trabajo; recuerdas dónde trabajo; dime dónde trabajo; en qué lugar trabajo; cuál es mi lugar de trabajo; sabes dónde trabajo",
            "dónde trabajas", "trabajo en $v"),
    },
}
