"""Word lists, English and Spanish side by side, and generators of names and words that exist in no list."""

from .grammar import between, capital, chance, pick


def _list(text):
    return tuple(w.strip() for w in text.replace("\n", ",").split(",") if w.strip())


def pairs(text):
    """``en=es`` pairs as {'en': (...), 'es': (...)} of equal length."""
    pairs = [p.split("=") for p in _list(text)]
    return {"en": tuple(p[0].strip() for p in pairs), "es": tuple(p[-1].strip() for p in pairs)}


NAMES = _list("""
Ana, Luis, Pedro, Maria, María, Juan, Carlos, Carmen, Lucía, Lucia, Sofía, Sofia, Diego, Elena, Pablo, Laura, Javier, Marta, Andrés, Isabel,
Miguel, Rosa, Jorge, Paula, Raúl, Teresa, Sergio, Alba, Mateo, Valeria, Camila, Daniel, Gabriel, Victoria, Emilio, Nuria, Óscar, Inés, Hugo, Julia,
Tom, Anna, Peter, John, Mary, James, Emma, Olivia, Noah, Liam, Jack, Alice, Bob, Carol, Dave, Eve, Frank, Grace, Henry, Ivy,
Kate, Leo, Mia, Nina, Oscar, Paul, Quinn, Rachel, Sam, Tina, Uma, Victor, Wendy, Xavier, Yara, Zoe, Adam, Bella, Chris, Diana,
Edward, Fiona, George, Hannah, Ian, Jane, Kevin, Linda, Mark, Nora, Oliver, Patricia, Robert, Sarah, Thomas, Ursula, Vera, William, Amir, Yuki,
Chen, Wei, Priya, Ravi, Fatima, Omar, Ahmed, Leila, Ivan, Olga, Dmitri, Anya, Hans, Greta, Klaus, Ingrid, Sven, Freya, Lars, Pierre,
Claire, Marie, Luca, Giulia, Marco, Chiara, Kofi, Ama, Kwame, Zainab, Hiro, Sakura, Kenji, Mei, Jin, Soo, Tariq, Aisha, Yusuf, Noor,
Beatriz, Bruno, Catarina, Rafael, Álvaro, Lorena, Rubén, Silvia, Iván, Natalia, Manuel, Pilar, Antonio, Cristina, David, Eva, Félix, Gloria, Irene, Jaime
""")
CITIES = _list("""
Quito, Lima, Cusco, Bogotá, Madrid, Barcelona, Sevilla, Valencia, Bilbao, Granada, Toledo, Málaga, Santiago, Buenos Aires, Córdoba, Rosario, Montevideo,
Asunción, La Paz, Caracas, Medellín, Cali, Guayaquil, Cuenca, Havana, San José, Managua, Panama, Guadalajara, Monterrey, Puebla, Mérida, London, Paris,
Berlin, Rome, Lisbon, Porto, Vienna, Prague, Warsaw, Oslo, Stockholm, Helsinki, Copenhagen, Dublin, Edinburgh, Glasgow, Manchester, Leeds, Bristol, Oxford,
Cambridge, New York, Boston, Chicago, Seattle, Denver, Austin, Dallas, Houston, Miami, Atlanta, Phoenix, Portland, San Diego, Los Angeles, Toronto, Montreal,
Vancouver, Tokyo, Kyoto, Osaka, Seoul, Busan, Beijing, Shanghai, Delhi, Mumbai, Chennai, Cairo, Lagos, Nairobi, Accra, Tunis, Istanbul, Athens, Sofia, Milan,
Turin, Naples, Florence, Venice, Munich, Hamburg, Cologne, Zurich, Geneva, Basel, Brussels, Ghent, Amsterdam, Utrecht, Rotterdam, Riga, Vilnius, Tallinn, Kyiv,
Sydney, Melbourne, Perth, Auckland, Wellington, Manila, Hanoi, Bangkok, Jakarta, Dubai, Tehran, Baku, Tbilisi, Dakar, Rabat, Salamanca, Oviedo, Murcia
""")
COUNTRIES = pairs("""
Spain=España, Ecuador=Ecuador, Peru=Perú, Chile=Chile, Argentina=Argentina, Mexico=México, Colombia=Colombia, Bolivia=Bolivia, Uruguay=Uruguay, France=Francia,
Germany=Alemania, Italy=Italia, Portugal=Portugal, England=Inglaterra, Ireland=Irlanda, Poland=Polonia, Greece=Grecia, Norway=Noruega, Sweden=Suecia,
Finland=Finlandia, Canada=Canadá, Brazil=Brasil, Japan=Japón, China=China, India=India, Egypt=Egipto, Morocco=Marruecos, Turkey=Turquía, Kenya=Kenia, Cuba=Cuba
""")
COLOURS = pairs("""
red=rojo, blue=azul, green=verde, yellow=amarillo, orange=naranja, purple=morado, pink=rosa, brown=marrón, black=negro, white=blanco, grey=gris, gold=dorado,
silver=plateado, turquoise=turquesa, violet=violeta, beige=beige, lilac=lila, crimson=carmesí, navy=azul marino, olive=oliva, magenta=magenta, indigo=índigo
""")
FOODS = pairs("""
pizza=pizza, pasta=pasta, rice=arroz, soup=sopa, bread=pan, cheese=queso, salad=ensalada, chicken=pollo, fish=pescado, beans=frijoles, potatoes=patatas, eggs=huevos,
chocolate=chocolate, cake=tarta, ice cream=helado, apples=manzanas, bananas=plátanos, oranges=naranjas, grapes=uvas, strawberries=fresas, mango=mango, sushi=sushi,
tacos=tacos, paella=paella, ceviche=ceviche, lentils=lentejas, noodles=fideos, pancakes=tortitas, honey=miel, yogurt=yogur, tomatoes=tomates, onions=cebollas,
carrots=zanahorias, mushrooms=setas, shrimp=gambas, steak=filete, sausages=salchichas, olives=aceitunas, nuts=nueces, cookies=galletas, corn=maíz, avocado=aguacate
""")
DRINKS = pairs("tea=té, coffee=café, water=agua, milk=leche, orange juice=zumo de naranja, lemonade=limonada, apple juice=zumo de manzana, cocoa=cacao, mate=mate, cider=sidra")
ANIMALS = pairs("""
dog=perro, cat=gato, horse=caballo, cow=vaca, rabbit=conejo, hamster=hámster, parrot=loro, turtle=tortuga, snake=serpiente, goat=cabra, duck=pato, pig=cerdo,
sheep=oveja, lion=león, tiger=tigre, elephant=elefante, bear=oso, wolf=lobo, fox=zorro, monkey=mono, dolphin=delfín, whale=ballena, owl=búho, eagle=águila,
penguin=pingüino, frog=rana, spider=araña, bee=abeja, butterfly=mariposa, llama=llama, deer=ciervo, mouse=ratón, giraffe=jirafa, zebra=cebra, camel=camello, crow=cuervo
""")
PETS = pairs("""
dog=un perro, cat=un gato, horse=un caballo, rabbit=un conejo, hamster=un hámster, parrot=un loro, turtle=una tortuga, snake=una serpiente, goat=una cabra, duck=un pato, fish=un pez, mouse=un ratón
""")
JOBS = pairs("""
teacher=profesor, doctor=médico, nurse=enfermero, engineer=ingeniero, lawyer=abogado, cook=cocinero, baker=panadero, farmer=agricultor, pilot=piloto, driver=conductor,
painter=pintor, writer=escritor, singer=cantante, dancer=bailarín, actor=actor, musician=músico, carpenter=carpintero, plumber=fontanero, electrician=electricista,
gardener=jardinero, student=estudiante, scientist=científico, programmer=programador, journalist=periodista, photographer=fotógrafo, waiter=camarero, tailor=sastre,
librarian=bibliotecario, dentist=dentista, architect=arquitecto, mechanic=mecánico, firefighter=bombero, translator=traductor, designer=diseñador, fisherman=pescador
""")
SPORTS = pairs("""
football=fútbol, tennis=tenis, basketball=baloncesto, swimming=natación, running=atletismo, cycling=ciclismo, rugby=rugby, golf=golf, hockey=hockey, skiing=esquí,
boxing=boxeo, volleyball=voleibol, baseball=béisbol, chess=ajedrez, judo=judo, surfing=surf, climbing=escalada, sailing=vela, rowing=remo, badminton=bádminton
""")
INSTRUMENTS = pairs("""
piano=el piano, guitar=la guitarra, violin=el violín, drums=la batería, flute=la flauta, trumpet=la trompeta, cello=el violonchelo, harp=el arpa, saxophone=el saxofón,
clarinet=el clarinete, accordion=el acordeón, banjo=el banjo, ukulele=el ukelele, organ=el órgano, trombone=el trombón
""")
LANGUAGES = pairs("""
French=francés, German=alemán, Italian=italiano, Portuguese=portugués, Japanese=japonés, Chinese=chino, Korean=coreano, Arabic=árabe, Russian=ruso, Greek=griego,
Dutch=holandés, Swedish=sueco, Polish=polaco, Turkish=turco, Hindi=hindi, Quechua=quechua, Catalan=catalán, Basque=euskera, Welsh=galés, Finnish=finlandés
""")
OBJECTS = pairs("""
the keys=las llaves, the book=el libro, the phone=el teléfono, the umbrella=el paraguas, the glasses=las gafas, the wallet=la cartera, the ball=la pelota, the map=el mapa,
the letter=la carta, the watch=el reloj, the camera=la cámara, the hat=el sombrero, the coat=el abrigo, the lamp=la lámpara, the cup=la taza, the knife=el cuchillo,
the bag=la bolsa, the box=la caja, the ring=el anillo, the ticket=el billete, the passport=el pasaporte, the laptop=el portátil, the pen=el bolígrafo, the scissors=las tijeras,
the hammer=el martillo, the bicycle=la bicicleta, the coins=las monedas, the photo=la foto, the guitar=la guitarra, the flashlight=la linterna
""")
PLACES = pairs("""
the kitchen=la cocina, the garden=el jardín, the garage=el garaje, the bedroom=el dormitorio, the bathroom=el baño, the office=la oficina, the school=la escuela,
the library=la biblioteca, the park=el parque, the market=el mercado, the hotel=el hotel, the station=la estación, the beach=la playa, the museum=el museo,
the cellar=el sótano, the attic=el ático, the balcony=el balcón, the car=el coche, the drawer=el cajón, the fridge=la nevera, the closet=el armario, the basket=la cesta,
the shop=la tienda, the church=la iglesia, the hospital=el hospital, the restaurant=el restaurante, the theatre=el teatro, the airport=el aeropuerto, the bank=el banco, the bakery=la panadería
""")
TOYS = pairs("""
apple=manzana, orange=naranja, coin=moneda, book=libro, pencil=lápiz, ball=pelota, egg=huevo, card=carta, stamp=sello, flower=flor, cookie=galleta, candle=vela, marble=canica,
shirt=camisa, key=llave, bottle=botella, ticket=billete, sticker=pegatina, stone=piedra, shell=concha, chair=silla, hat=sombrero, lemon=limón, photo=foto
""")
TOYS_PLURAL = {
    "en": tuple(w + "s" for w in TOYS["en"]),
    "es": tuple({"lápiz": "lápices", "flor": "flores", "limón": "limones"}.get(w, w + "s") for w in TOYS["es"]),
}
SHOPPING = pairs("""
milk=leche, bread=pan, eggs=huevos, butter=mantequilla, cheese=queso, rice=arroz, pasta=pasta, sugar=azúcar, salt=sal, flour=harina, oil=aceite, tea=té, coffee=café,
apples=manzanas, bananas=plátanos, tomatoes=tomates, onions=cebollas, garlic=ajo, soap=jabón, paper=papel, water=agua, juice=zumo, honey=miel, carrots=zanahorias,
chicken=pollo, fish=pescado, yogurt=yogur, beans=frijoles, lemons=limones, candles=velas, batteries=pilas, matches=cerillas
""")
DAYS = {
    "en": _list("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"),
    "es": _list("lunes, martes, miércoles, jueves, viernes, sábado, domingo"),
}
MONTHS = {
    "en": _list("January, February, March, April, May, June, July, August, September, October, November, December"),
    "es": _list("enero, febrero, marzo, abril, mayo, junio, julio, agosto, septiembre, octubre, noviembre, diciembre"),
}
MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
SEASONS = {"en": _list("spring, summer, autumn, winter"), "es": _list("primavera, verano, otoño, invierno")}
CAPITALS = pairs("""
Spain=España, France=Francia, Italy=Italia, Germany=Alemania, Portugal=Portugal, Ecuador=Ecuador, Peru=Perú, Colombia=Colombia, Venezuela=Venezuela, Argentina=Argentina,
Chile=Chile, Uruguay=Uruguay, Paraguay=Paraguay, Mexico=México, Cuba=Cuba, Canada=Canadá, Japan=Japón, China=China, Egypt=Egipto, Greece=Grecia, Norway=Noruega,
Sweden=Suecia, Finland=Finlandia, Denmark=Dinamarca, Poland=Polonia, Austria=Austria, Ireland=Irlanda, Russia=Rusia, Kenya=Kenia, Brazil=Brasil
""")
CAPITAL_CITIES = pairs("""
Madrid=Madrid, Paris=París, Rome=Roma, Berlin=Berlín, Lisbon=Lisboa, Quito=Quito, Lima=Lima, Bogotá=Bogotá, Caracas=Caracas, Buenos Aires=Buenos Aires,
Santiago=Santiago, Montevideo=Montevideo, Asunción=Asunción, Mexico City=Ciudad de México, Havana=La Habana, Ottawa=Ottawa, Tokyo=Tokio, Beijing=Pekín, Cairo=El Cairo,
Athens=Atenas, Oslo=Oslo, Stockholm=Estocolmo, Helsinki=Helsinki, Copenhagen=Copenhague, Warsaw=Varsovia, Vienna=Viena, Dublin=Dublín, Moscow=Moscú, Nairobi=Nairobi, Brasília=Brasilia
""")
# General nouns the model knows nothing about: it must say so instead of inventing.
UNKNOWN_TOPICS = pairs("""
photosynthesis=la fotosíntesis, the moon=la luna, gravity=la gravedad, the stock market=la bolsa, inflation=la inflación, democracy=la democracia, the Roman Empire=el Imperio romano,
volcanoes=los volcanes, black holes=los agujeros negros, vaccines=las vacunas, DNA=el ADN, dinosaurs=los dinosaurios, the human heart=el corazón humano, jazz=el jazz, opera=la ópera,
climate=el clima, electricity=la electricidad, the French Revolution=la Revolución francesa, poetry=la poesía, chess openings=las aperturas de ajedrez, taxes=los impuestos,
the weather in London=el tiempo en Londres, football results=los resultados del fútbol, the news=las noticias, the speed of light=la velocidad de la luz, atoms=los átomos,
the pyramids=las pirámides, bitcoin=el bitcoin, the president of France=el presidente de Francia, yoga=el yoga, cholesterol=el colesterol, earthquakes=los terremotos,
whales=las ballenas, quantum physics=la física cuántica, the theory of evolution=la teoría de la evolución, diesel engines=los motores diésel, solar panels=los paneles solares,
the Second World War=la Segunda Guerra Mundial, Shakespeare=Shakespeare, Cervantes=Cervantes, Einstein=Einstein, Napoleon=Napoleón, Mozart=Mozart, Picasso=Picasso,
the Amazon river=el río Amazonas, Mount Everest=el monte Everest, penguin migration=la migración de los pingüinos, insulin=la insulina, the Olympic Games=los Juegos Olímpicos,
baking bread=hornear pan, coffee roasting=el tueste del café, knitting=tejer, gardening=la jardinería, the Big Bang=el Big Bang, magnetism=el magnetismo, Kubernetes=Kubernetes,
Rust lifetimes=los lifetimes de Rust, monads=las mónadas, blockchains=las cadenas de bloques, the Moon landing=la llegada a la Luna, plate tectonics=la tectónica de placas,
sourdough=la masa madre, cancer=el cáncer, algebra=el álgebra, geometry=la geometría, trigonometry=la trigonometría, philosophy=la filosofía, Buddhism=el budismo, cricket=el críquet
""")
COMMON = {
    "en": _list("""
able, about, above, actor, after, again, airport, almost, amber, angle, answer, apron, arrow, autumn, award, bacon, badge, balloon, basket, beach, beard, begin, bench, berry, bird,
blanket, boat, bottle, brain, branch, bread, breeze, brick, bridge, brush, bucket, butter, button, cabin, candle, canyon, carbon, carpet, castle, chain, chair, chalk, cherry, circle,
clever, cliff, clock, cloud, coast, corner, cotton, cradle, crayon, crown, curtain, daisy, danger, desert, dinner, dragon, dream, early, earth, eight, elbow, engine, evening, fabric, family,
feather, fence, field, finger, flame, floor, flower, forest, friend, frozen, garden, gentle, giant, ginger, glass, globe, glove, grape, grass, happy, harbor, helmet, hill, hotel, house, island,
jacket, jelly, jungle, kettle, kitchen, kitten, ladder, lantern, lemon, letter, light, little, lizard, magnet, market, meadow, melon, mirror, money, morning, mountain, museum, needle, nephew,
night, north, number, ocean, office, onion, orbit, oven, owner, oyster, paint, palace, paper, parade, pencil, pepper, piano, pillow, planet, pocket, pond, puzzle, queen, quick, quiet, radio,
rain, river, robot, rocket, saddle, salt, school, season, shadow, shell, silver, simple, sister, smile, smoke, snow, spoon, spring, square, stable, star, stone, storm, street, sugar, summer,
table, teapot, thunder, ticket, timber, tower, train, travel, tunnel, turtle, uncle, valley, velvet, village, violin, voice, wagon, walnut, water, whisper, window, winter, wonder, world, yellow, zipper,
banana, computer, keyboard, language, memory, model, program, question, sentence, terminal, weight, machine, letters, backwards, strawberry, pineapple, umbrella, butterfly, chocolate, telephone
"""),
    "es": _list("""
abeja, abrigo, agua, amigo, amor, anillo, árbol, arena, armario, azúcar, bahía, bailar, balcón, barco, barrio, bosque, botella, brazo, brisa, cabeza, cadena, café, calle, calor, camino, campo,
canción, carta, casa, castillo, cereza, cielo, ciudad, cocina, coche, collar, comida, corazón, cuchara, cuento, dedo, desierto, diente, dinero, dulce, edad, escuela, espejo, estrella, fábrica,
familia, faro, fiesta, flor, fresa, fruta, fuego, gato, globo, grande, guante, guitarra, harina, hermana, hielo, hierba, hoja, hombre, huevo, humo, iglesia, isla, jabón, jardín, juego, jugo, lago,
lámpara, lápiz, leche, libro, limón, lluvia, luna, luz, madera, mañana, mano, mapa, mar, mariposa, mercado, mesa, miel, montaña, mundo, museo, música, nariz, nieve, niño, noche, nube, nuevo, nuez,
océano, ojo, ola, oro, otoño, oveja, padre, país, palabra, pan, papel, pared, parque, pelota, perro, piedra, piel, pintura, playa, plaza, pluma, puente, puerta, queso, radio, ratón, regalo, reloj,
río, rojo, ropa, rosa, sal, semana, señor, silla, sol, sombra, sombrero, sueño, tarde, taza, teatro, tierra, tigre, torre, tren, uva, valle, vaso, vela, ventana, verano, verde, viaje, viento, vino,
zapato, zorro, ordenador, teclado, lengua, memoria, modelo, programa, pregunta, frase, pantalla, peso, máquina, letras, paraguas, chocolate, teléfono, plátano, pequeño, araña, caña, español
"""),
}

_ONSETS = _list("b, c, d, f, g, h, j, k, l, m, n, p, r, s, t, v, w, z, br, cr, dr, fl, gr, pl, pr, st, tr, ch, sh, th, qu, bl, cl, gl, sl, sp")
_VOWELS = _list("a, e, i, o, u, a, e, i, o, u, ai, ea, io, ou, ia, ee, oo, au")
_CODAS = ("", "", "", "", "n", "r", "s", "l", "m", "t", "x", "nd", "rt", "k", "ck", "st", "d", "p")


def invented_word(rng, low=1, high=3):
    """A pronounceable word from no list."""
    parts = [pick(rng, _ONSETS) + pick(rng, _VOWELS) for _ in range(between(rng, low, high))]
    return ("" if chance(rng, 0.85) else pick(rng, "aeiou")) + "".join(parts) + pick(rng, _CODAS)


def invented_name(rng):
    return capital(invented_word(rng, 1, 3))


def name(rng):
    return invented_name(rng) if chance(rng, 0.35) else pick(rng, NAMES)


def city(rng):
    return invented_name(rng) if chance(rng, 0.3) else pick(rng, CITIES)


def any_word(rng, lang, pieces=()):
    """A word to spell: listed, invented, or a few vocabulary pieces stuck together."""
    kind = rng.random()
    if kind < 0.35:
        return pick(rng, SPELLABLE[lang])
    if kind < 0.6 or not pieces:
        return invented_word(rng, 1, 4)
    word = "".join(pick(rng, pieces) for _ in range(pick(rng, (1, 1, 1, 2, 2, 3, 4))))
    return word if len(word) <= 14 else invented_word(rng, 2, 4)


def with_article(noun, lang):
    """``a dog``, ``una cabra``."""
    if lang == "en":
        return ("an " if noun[0] in "aeiou" else "a ") + noun
    return ("una " if noun.endswith("a") or noun == "serpiente" else "un ") + noun


def _spellable(lang):
    words = set(COMMON[lang]) | set(DAYS[lang]) | set(MONTHS[lang]) | {n for n in NAMES} | {c for c in CITIES if " " not in c}
    for table in (COLOURS, FOODS, DRINKS, ANIMALS, JOBS, SPORTS, INSTRUMENTS, LANGUAGES, TOYS, TOYS_PLURAL, SHOPPING, COUNTRIES):
        words.update(w for w in table[lang] if " " not in w)
    for table in (OBJECTS, PLACES):
        words.update(w.split(" ", 1)[1] for w in table[lang])
    return tuple(sorted(words))


SPELLABLE = {"en": _spellable("en"), "es": _spellable("es")}
