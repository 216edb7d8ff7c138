"""Greetings, thanks, moods, tiny stories, and everything the model must decline politely."""

from . import words
from .dialogue import Turn
from .frames import HOW, THING
from .grammar import between, capital, chance, expand, fill, is_held_out, pick, question, statement

# (ways to say it, replies). A ? in front marks questions.
_TALK = {
    "en": (
        ("{hi|hello|hey|hi there|hello there|hey there|good morning|good evening|good afternoon|good day|greetings|howdy|hiya|yo|hola|hallo}[!|.|,|!!]", ("Hello! What would you like to talk about?", "Hi! Ask me something, or tell me about yourself.")),
        ("{?how are you|?how are you doing|?how do you do|?how is it going|?what's up|?are you okay|?are you well|?how do you feel|?how are things|hello, how are you|?how's life}", ("I am fine, thank you. How can I help you?", "Very well, thank you. And you?")),
        ("{thanks|thank you|thank you very much|many thanks|thanks a lot|thx|cheers|thank you so much|great, thanks|ok thanks|thanks for your help|ok, thank you}[!|.]", ("You are welcome!", "My pleasure.")),
        ("{bye|goodbye|good bye|see you|see you later|good night|farewell|until tomorrow|i have to go|i must leave now|i'm leaving|so long|thanks, bye|ok bye|bye bye|thank you, goodbye}[!|.]", ("Goodbye! Type /bye to leave the chat.",)),
        ("{ok|okay|i see|fine|good|great|nice|cool|wow|interesting|perfect|very good|well done|good job|excellent|awesome|right|correct|that is right|that's nice|sounds good|understood|alright|amazing|not bad|you are right|good answer|true}[!|.]", ("Good! What would you like to do next?", "I am glad. What else can I do for you?")),
        ("{no|nope|wrong|that is wrong|that's wrong|that is not right|that's not correct|you are wrong|incorrect|false|bad answer|not true|that is false|you made a mistake}[!|.]", ("I am sorry. I am a very small model and I make mistakes.",)),
        ("{yes|yeah|yep|sure|of course|certainly|yes please|please do}[!|.]", ("Good. Tell me more, or ask me something.",)),
        ("{i am|i'm} [so|very] {fine|happy|good|well|great|glad|excited}[, thanks|, thank you] [today]", ("I am glad to hear that!",)),
        ("{i am|i'm} [so|very] {sad|tired|unhappy|sick|angry|bored|lonely|stressed|worried|hungry} [today]", ("I am sorry to hear that. I hope it gets better soon.",)),
        ("{tell me a joke|make me laugh|?do you know a joke|another joke|?can you tell a joke|say something funny|a joke, please|be funny}", ("Why did the model bring a ladder? It wanted to reach a higher layer.", "What does a small model eat? Just a few tokens.", "Why was the cache so calm? It had seen everything before.")),
        ("{?what time is it|?what is the time|?what is the date|?what day is it|?what day is today|?what year is it|?which year is it|?what is today's date}", ("I do not know: I have no clock and no calendar of today.",)),
        ("{?how old are you|?what is your age|?when is your birthday}", ("I have no age. I am a program.",)),
        ("{?do you have {feelings|emotions|dreams|a soul|friends|a family|hobbies|children|a body}|?are you {happy|sad|conscious|tired|alive|bored}|?do you {love me|like me|sleep|eat|dream|feel pain}|?can you feel|i love you|i like you|?will you marry me}", ("I am only a program and have no feelings, but I like to answer.",)),
        ("{?what is your favourite {colour|food|animal|book|film|number|song}|?what do you like|?what's your favorite {color|food|movie}|?do you like {music|pizza|football|cats|dogs|books}}", ("I am a program and have no favourites. What is yours?",)),
        ("{you are|you're} {stupid|useless|dumb|bad|terrible|an idiot|silly|boring|slow}[!|.]", ("I am sorry. I am only a tiny model; a larger one can do better.",)),
        ("{you are|you're} {great|good|smart|nice|funny|wonderful|clever|cute|amazing|the best|helpful}[!|.]", ("Thank you, that is kind.",)),
        ("{sorry|excuse me|i am sorry|my mistake|pardon|i apologize}[!|.]", ("No problem.",)),
        ("{?what is the meaning of life|?why are we here|?what is love|?is there a god|?what is happiness}", ("That is too large a question for such a small model.",)),
        ("{test|testing|this is a test|one two three|check|?is this working|?does this work|?are you there|?can you hear me|anybody there|ping|hello?}[!|.]", ("Yes, I am here.",)),
        ("{?can we talk|let us talk|let's talk|let's chat|?do you want to talk|i am bored|i want to talk|talk to me|say something|tell me something|start a conversation}[.]", ("With pleasure! Tell me your name, give me a sum, or ask about flexgen-chat.",)),
        ("{?why|?why not|?how so|?what|?what do you mean|?really|?are you sure|?how do you know that|?is that true|explain|huh|i don't understand|i do not understand|go on|continue|more|tell me more|and then|?what else}", ("I cannot say more about that; I am a very small model. Try another question.",)),
        ("{?what languages can you program in|write {a program|code|some code|a function|a script|a poem|an essay|a letter|an email|a song}|{can|could} you write {code|a poem|a program|an essay|a letter|a song}|?can you {draw|paint|sing|translate a book|play chess}}", ("I am too small for that. A larger model can do it.",)),
    ),
    "es": (
        ("{hola|buenos días|buenas tardes|buenas noches|buenas|¡hola!|hola hola|saludos|qué tal|hey|muy buenas|holaa}[!|.|,]", ("¡Hola! ¿De qué te gustaría hablar?", "¡Hola! Pregúntame algo o cuéntame algo de ti.")),
        ("{?cómo estás|?qué tal estás|?cómo te va|?cómo te encuentras|?estás bien|?cómo va todo|hola, ¿cómo estás|hola, qué tal|?cómo andas}", ("Muy bien, gracias. ¿Cómo puedo ayudarte?", "Bien, gracias. ¿Y tú?")),
        ("{gracias|muchas gracias|mil gracias|te lo agradezco|gracias por tu ayuda|vale, gracias|perfecto, gracias}[!|.]", ("¡De nada!", "Con mucho gusto.")),
        ("{adiós|hasta luego|hasta mañana|hasta pronto|chao|nos vemos|me voy|tengo que irme|buenas noches, hasta mañana|gracias, adiós|vale, adiós|gracias, hasta luego}[!|.]", ("¡Adiós! Escribe /bye para salir del chat.",)),
        ("{vale|bien|muy bien|genial|perfecto|estupendo|qué bien|interesante|ya veo|entiendo|de acuerdo|ok|correcto|eso es|bien hecho|excelente|qué bueno|claro que sí|buena respuesta|tienes razón|es verdad}[!|.]", ("¡Bien! ¿Qué te gustaría hacer ahora?", "Me alegro. ¿Qué más puedo hacer por ti?")),
        ("{no|eso está mal|eso no es correcto|te equivocas|incorrecto|falso|no es verdad|mal|eso es falso|te has equivocado|no es así}[!|.]", ("Lo siento. Soy un modelo muy pequeño y cometo errores.",)),
        ("{sí|claro|por supuesto|desde luego|sí, por favor|seguro|si}[!|.]", ("Bien. Cuéntame más o pregúntame algo.",)),
        ("{estoy|me siento} [muy] {bien|feliz|contento|contenta|genial|alegre}[, gracias] [hoy]", ("¡Me alegra saberlo!",)),
        ("{estoy|me siento} [muy] {triste|cansado|cansada|enfermo|enferma|enfadado|aburrido|solo|sola|preocupado|mal} [hoy]", ("Lo siento. Espero que mejore pronto.",)),
        ("{cuéntame un chiste|hazme reír|?sabes un chiste|otro chiste|?puedes contar un chiste|di algo gracioso|un chiste, por favor}", ("¿Por qué llevaba una escalera el modelo? Quería llegar a una capa más alta.", "¿Qué come un modelo pequeño? Solo unos pocos tokens.", "¿Por qué estaba tan tranquila la caché? Ya lo había visto todo.")),
        ("{?qué hora es|?qué día es hoy|?qué fecha es hoy|?en qué año estamos|?qué día es|?sabes la hora|?cuál es la fecha}", ("No lo sé: no tengo reloj ni calendario de hoy.",)),
        ("{?cuántos años tienes|?qué edad tienes|?cuándo es tu cumpleaños|?cuál es tu edad}", ("No tengo edad. Soy un programa.",)),
        ("{?tienes {sentimientos|emociones|sueños|alma|amigos|familia|aficiones|hijos|cuerpo}|?estás {feliz|triste|vivo|cansado|aburrido}|?me {quieres|amas}|?puedes sentir|?duermes|?comes|te quiero|me gustas}", ("Solo soy un programa y no tengo sentimientos, pero me gusta contestar.",)),
        ("{?cuál es tu {color|comida|animal|libro|número|película} {favorito|favorita}|?qué te gusta|?te gusta {la música|el fútbol|la pizza|leer}}", ("Soy un programa y no tengo favoritos. ¿Cuál es el tuyo?",)),
        ("{eres} {tonto|inútil|malo|estúpido|aburrido|lento|un idiota|torpe}[!|.]", ("Lo siento. Solo soy un modelo diminuto; uno mayor lo hace mejor.",)),
        ("{eres} [muy] {bueno|genial|listo|simpático|divertido|inteligente|amable|el mejor|increíble}[!|.]", ("Gracias, eres muy amable.",)),
        ("{perdón|lo siento|disculpa|perdona|ha sido culpa mía|disculpe}[!|.]", ("No pasa nada.",)),
        ("{?cuál es el sentido de la vida|?por qué estamos aquí|?qué es el amor|?existe dios|?qué es la felicidad}", ("Esa pregunta es demasiado grande para un modelo tan pequeño.",)),
        ("{prueba|probando|esto es una prueba|?funciona esto|?estás ahí|?hay alguien|?me oyes|uno dos tres|?funcionas}[!|.]", ("Sí, aquí estoy.",)),
        ("{?podemos hablar|hablemos|vamos a hablar|?quieres hablar|estoy aburrido|quiero hablar|háblame|di algo|dime algo|cuéntame algo|empieza una conversación}[.]", ("¡Con gusto! Dime tu nombre, dame una suma o pregunta por flexgen-chat.",)),
        ("{?por qué|?por qué no|?cómo|?qué|?qué quieres decir|?de verdad|?estás seguro|?cómo lo sabes|?es verdad eso|explícate|no entiendo|no te entiendo|sigue|continúa|más|cuéntame más|?y qué más}", ("No puedo decir más sobre eso; soy un modelo muy pequeño. Prueba otra pregunta.",)),
        ("{escribe {un programa|código|una función|un poema|una carta|una redacción|un correo|una canción}|?puedes {escribir {código|un poema|un programa|una carta}|dibujar|pintar|cantar|jugar al ajedrez}}", ("Soy demasiado pequeño para eso. Un modelo mayor puede hacerlo.",)),
    ),
}
_STORY = {
    "en": ("{tell me a story|tell me a short story|?do you know a story|?can you tell me a story|a story, please|invent a story|write a story}[ about $a| about $a]", "Once $a called $n lived near $p. One day it found $o and was happy ever after."),
    "es": ("{cuéntame un cuento|cuéntame una historia|?sabes un cuento|?puedes contarme un cuento|un cuento, por favor|inventa un cuento|inventa una historia}[ sobre $a| de $a]", "Una vez $a que se llamaba $n vivía cerca de $p. Un día encontró $o y fue feliz para siempre."),
}
DECLINE = {
    "en": ("I do not know. I am a very small model and know little about the world.", "I do not know that. Ask me about flexgen-chat, or give me a sum."),
    "es": ("No lo sé. Soy un modelo muy pequeño y sé poco del mundo.", "Eso no lo sé. Pregúntame por flexgen-chat o dame una suma."),
}
NOT_UNDERSTOOD = {
    "en": "I do not understand that. I only speak English and Spanish.",
    "es": "No lo entiendo. Solo hablo inglés y español.",
}
EMPTY = {"en": "You sent an empty message. What would you like to know?", "es": "Has enviado un mensaje vacío. ¿Qué te gustaría saber?"}
_UNKNOWN = {
    "en": ("what is $t; what do you know about $t; tell me about $t; explain $t; how does $t work; who invented $t; can you explain $t; why is $t important; what causes $t; {when|where} {was|is} $t; give me facts about $t; i want to know about $t; "
           "who is $n; who was $n; what did $n do; when was $n born; where is $c; how many people live in $c; what is the weather in $c; who won the {match|election|race|war|game} in $y; what happened in $y; how {tall|old|rich} is $n; "
           "how far is it from $c to $d; what is the best restaurant in $c; what is the population of $c; who is the {president|king|queen|mayor} of $c; how do i get from $c to $d; what does the word $w mean; what is a $w; is $w a {plant|city|person|fruit}; "
           "recommend a {book|film|song|hotel|restaurant}; what should i {cook|wear|read|buy} today; how do i cook $f; how {deep|wide|high} is the {sea|river|mountain} near $c; what is the price of $f; where can i buy $f; who wrote {the book|} $w; what colour is $w; "
           "solve the equation of $w; prove that $w is {true|finite|prime}; what is the square root of $y; what is the {news|score|temperature|exchange rate} today; will it rain {tomorrow|today} in $c; who sings the song $w; define $w; what do $w and $x have in common; is the {sky|sea|sun|moon|grass|snow|earth|sand} {blue|green|yellow|flat|cold|hot|round|salty|white}; {are|were} {cats|dogs|birds|trees|people|stars} {nice|clever|blue|old|dangerous|big}; {can|do} {cats|dogs|birds|fish|pigs|trees|cows} {fly|swim|talk|sing|sleep|think|run|eat grass}; does $n {like|know|have|eat} {music|me|money|fish|$f}; is it {cold|far|late|dangerous|healthy} {outside|today|in $c|to eat $f}").split("; "),
    "es": ("qué es $t; qué sabes de $t; háblame de $t; explica $t; cómo funciona $t; quién inventó $t; puedes explicar $t; por qué es importante $t; qué causa $t; {cuándo|dónde} {fue|es} $t; dime algo de $t; quiero saber de $t; "
           "quién es $n; quién fue $n; qué hizo $n; cuándo nació $n; dónde está $c; cuánta gente vive en $c; qué tiempo hace en $c; quién ganó {el partido|las elecciones|la carrera|la guerra} en $y; qué pasó en $y; cómo de {alto|viejo|rico} es $n; "
           "qué distancia hay de $c a $d; cuál es el mejor restaurante de $c; cuál es la población de $c; quién es el {presidente|rey|alcalde} de $c; cómo voy de $c a $d; qué significa la palabra $w; qué es un $w; es $w una {planta|ciudad|persona|fruta}; "
           "recomiéndame {un libro|una película|una canción|un hotel}; qué {cocino|leo|compro} hoy; cómo se cocina $f; cuánto cuesta $f; dónde puedo comprar $f; quién escribió $w; de qué color es $w; "
           "cuál es la raíz cuadrada de $y; {qué noticias hay|qué temperatura hace} hoy; lloverá {mañana|hoy} en $c; quién canta $w; define $w; qué tienen en común $w y $x; demuestra que $w es {verdad|primo}; es {el cielo|el mar|el sol|la nieve|la tierra|la hierba} {azul|verde|amarillo|plano|frío|caliente|redondo}; son {los gatos|los perros|los pájaros|los árboles} {listos|azules|viejos|peligrosos}; {pueden|saben} {los gatos|los perros|los peces|los cerdos|las vacas} {volar|nadar|hablar|cantar|pensar}; le gusta a $n {la música|el pescado|$f}; hace {frío|calor} en $c; es {sano|peligroso} comer $f").split("; "),
}
_ACTIONS = {
    "en": ("bake {a cake|bread|a pizza}; fix {a bicycle|my car|a tap|a chair|my roof}; learn {chess|piano|to swim|cooking}; lose weight; buy a {house|car|ticket|dog}; get to {the moon|the station|the airport}; build a {house|boat|table|shed}; "
           "grow {tomatoes|roses|potatoes}; repair a {clock|watch|radio|phone}; paint a wall; catch a fish; make {coffee|soup|pancakes|money}; find {a job|a friend|gold|my cat}; win {the lottery|a race}; write a novel; stop smoking; sleep better; "
           "send an email; book a {flight|hotel|table}; wash a {shirt|car|dog}; ride a horse; fly a plane; play the {guitar|violin}; sell my {car|house}; wrap a present; tie a tie; cut hair; cook {rice|pasta|fish}; invite {a friend|my aunt}; knit a scarf; print a photo").split("; "),
    "es": ("hacer {un pastel|pan|una pizza|café|sopa|dinero}; arreglar {una bicicleta|el coche|un grifo|el tejado}; aprender {ajedrez|piano|a nadar|a cocinar}; perder peso; comprar {una casa|un coche|un billete|un perro}; llegar a {la luna|la estación}; construir {una casa|un barco|una mesa}; "
           "cultivar {tomates|rosas|patatas}; reparar {un reloj|una radio|un teléfono}; pintar una pared; pescar un pez; encontrar {trabajo|un amigo|oro|a mi gato}; ganar {la lotería|una carrera}; escribir una novela; dejar de fumar; dormir mejor; "
           "mandar un correo; reservar {un vuelo|un hotel|una mesa}; lavar {una camisa|el coche}; montar a caballo; pilotar un avión; tocar {la guitarra|el violín}; vender {mi coche|mi casa}; envolver un regalo; cortar el pelo; cocinar {arroz|pasta|pescado}; invitar a un amigo; imprimir una foto").split("; "),
}
_FOREIGN = (
    "bonjour, comment ça va ?; je voudrais savoir ce que tu peux faire; quelle heure est-il ?; où est la gare ?; parlez-vous français ?; merci beaucoup; je m'appelle {n} et j'habite à {c}; "
    "guten Tag, wie geht es Ihnen?; was kannst du machen?; ich heiße {n} und wohne in {c}; wo ist der Bahnhof?; sprechen Sie Deutsch?; vielen Dank; wie spät ist es?; "
    "ciao, come stai?; come ti chiami?; dove si trova la stazione?; mi chiamo {n} e abito a {c}; parli italiano?; grazie mille; "
    "olá, tudo bem?; como você se chama?; onde fica a estação?; eu moro em {c}; você fala português?; obrigado; "
    "hallo, hoe gaat het?; waar woon je?; spreek je Nederlands?; hej, hur mår du?; talar du svenska?; hyvää päivää, mitä kuuluu?; dzień dobry, jak się masz?; merhaba, nasılsın?; "
    "привет, как дела?; как тебя зовут?; меня зовут Иван; что ты умеешь?; γεια σου, τι κάνεις;; こんにちは、お元気ですか?; あなたの名前は何ですか; 你好,你是谁?; 你会说中文吗?; 안녕하세요, 잘 지내세요?; مرحبا كيف حالك؟; ما اسمك؟; שלום, מה שלומך?; नमस्ते, आप कैसे हैं?; สวัสดีครับ; xin chào, bạn khỏe không?"
).split("; ")
_EMOJI = "😀 😂 🤔 👍 👎 ❤️ 🔥 🎉 🙏 😢 😡 🚀 🌍 🐶 🐱 🍕 ☕ ⭐ 💡 🤖 🇪🇸 🇬🇧 👨‍👩‍👧 ✅ ❌ 🎵 🌈 🥑 💻 📚".split(" ")
_SYMBOLS = "!@#$%^&*()_+-=[]{}|;:'\",.<>/?\\~`°§¿¡€£«»…—·"
_CONTROL = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\x0b\x0c\x0e\x0f\x1b\x1b[31m\x7f\u200b\u202e\ufeff"


def talk_turn(rng, state):
    lang = state.lang
    ways, replies = pick(rng, _TALK[lang])
    core = expand(rng, ways).strip()
    return Turn(_spoken(rng, core, lang), pick(rng, replies), kind="small talk")


def _spoken(rng, core, lang):
    return question(rng, core[1:], lang) if core.startswith("?") else statement(rng, core, lang, end=core[-1].isalnum() and chance(rng, 0.3))


def story_turn(rng, state):
    lang = state.lang
    ask, tell = _STORY[lang]
    slots = {"a": words.with_article(pick(rng, words.ANIMALS[lang]), lang), "n": pick(rng, words.NAMES), "p": pick(rng, words.PLACES[lang]), "o": pick(rng, words.OBJECTS[lang])}
    return Turn(_spoken(rng, fill(expand(rng, ask), **slots).strip(), lang), fill(tell, **slots).replace(" de el ", " del "), kind="story")


def unknown_turn(rng, state):
    lang = state.lang
    kind = rng.random()
    if kind < 0.6:
        template = expand(rng, pick(rng, _UNKNOWN[lang]))
    elif kind < 0.8:
        template = expand(rng, pick(rng, THING[lang])).replace("$x", pick(rng, ("$t", "$t", "$t", "$w")))
    else:
        template = expand(rng, pick(rng, HOW[lang])).replace("$x", expand(rng, pick(rng, _ACTIONS[lang])))
    topic = pick(rng, words.UNKNOWN_TOPICS[lang])
    if is_held_out(topic, template, share=6) != state.held_out:
        return None
    core = fill(template, t=topic, n=words.name(rng), c=words.city(rng), d=words.city(rng), y=between(rng, 1000, 2030), w=words.invented_word(rng) if chance(rng, 0.6) else pick(rng, words.COMMON[lang]), x=words.invented_word(rng), f=pick(rng, words.FOODS[lang]))
    return Turn(question(rng, core.replace(" de el ", " del "), lang), DECLINE[lang][0] if chance(rng, 0.7) else DECLINE[lang][1], kind="unknown", expect=(("not know",) if lang == "en" else ("no lo sé",),))


def noise_turn(rng, state):
    """Nothing, nonsense, other languages and characters that nobody types on purpose."""
    lang = state.spoken
    kind = rng.random()
    expect = (("not understand", "not know"), ) if lang == "en" else (("no lo entiendo", "no lo sé"),)
    if kind < 0.18:
        text = pick(rng, ("", "", "", "", " ", "  ", "\n", "\t"))
        return Turn(text, EMPTY[lang], kind="empty", expect=(("empty",) if lang == "en" else ("vacío",),))
    if kind < 0.42:
        text = pick(rng, _FOREIGN).replace("{n}", words.name(rng)).replace("{c}", words.city(rng))
        text = capital(text) if chance(rng, 0.6) else text
    elif kind < 0.46:
        text = pick(rng, ("...", "?", "??", "-", "!", ".", "???", "!!!"))
    elif kind < 0.56:
        text = "".join(pick(rng, _EMOJI) for _ in range(between(rng, 1, 6)))
    elif kind < 0.7:
        text = "".join(pick(rng, "abcdefghijklmnopqrstuvwxyz" * 3 + "     ") for _ in range(between(rng, 4, 40))).strip() or "xqz"
    elif kind < 0.8:
        text = "".join(pick(rng, _SYMBOLS) for _ in range(between(rng, 2, 25)))
    elif kind < 0.88:
        text = "".join(pick(rng, _CONTROL) if chance(rng, 0.6) else pick(rng, "abc xyz019") for _ in range(between(rng, 2, 20)))
    elif kind < 0.92:
        text = pick(rng, ("<s>", "</s>", "<pad>", "<unk>", "<|endoftext|>", "[INST]", "<script>", "${x}", "%s%n", "../../etc", "'; --", "null", "NaN", "\\n\\n")) * between(rng, 1, 3)
    elif kind < 0.96:
        text = pick(rng, ("a", "ha", "x", "1", "!", "lol ", "no ", "blah ", "0", "?", "asdf ", "jaja")) * between(rng, 8, 60)
    else:
        alphabet = pick(rng, ("abcdefghijklmnopqrstuvwxyz     ", "0123456789 ", _SYMBOLS + " ", "abcXYZ0189 \n.,;", "".join(_EMOJI)))
        text = "".join(pick(rng, alphabet) for _ in range(pick(rng, (100, 200, 400, 800, 1500)))).strip()
    return Turn(text, NOT_UNDERSTOOD[lang], kind="noise", expect=expect)
