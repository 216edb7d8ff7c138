"""Ways to ask about a thing ($x) or how to do something ($x), shared by all program questions."""

THING = {
    "en": (
        "what{ is|'s} $x", "what{ is|'s} $x", "what is $x {exactly|in simple words|for|all about|good for|used for}",
        "{explain|describe|define} $x", "{explain|describe} $x {to me|briefly|in simple terms|in one sentence}",
        "{can|could|would|will} you {explain|describe|tell me about|clarify|define} $x", "can you explain {what $x is|how $x works|$x to me}",
        "tell me [something|a bit|more] about $x", "tell me {what $x is|how $x works|what $x does|why $x matters}", "what does $x {mean|do}", "how does $x work", "how does $x {help|function}",
        "i {don't|do not} {understand|get|know} $x", "i {don't|do not} {understand|know} {what $x is|how $x works}",
        "what do you {know about|mean by} $x", "what is the {point|purpose|idea|use|meaning|role} of $x", "what is the {idea|point} behind $x",
        "i {want|would like|need|'d like} to {know|learn|hear|understand} [more] about $x", "i {am|'m} {curious about|interested in} $x",
        "give me {a short explanation|an overview|a definition|a summary|the basics} of $x", "{what|how} about $x", "$x", "$x",
        "how would you {explain|describe} $x", "teach me about $x", "why {do we|does one|do i|does it} need $x", "what is meant by $x",
        "{have you heard of|do you know} $x", "$x, what is {it|that}", "what should i know about $x", "do you know {what $x is|how $x works}",
        "what can you {say|tell me} about $x", "what exactly is $x", "how do you explain $x", "why is $x {useful|important|needed|there}", "what happens with $x", "say something about $x",
    ),
    "es": (
        "qué es $x", "qué es $x", "qué es {eso de|exactamente} $x", "qué significa $x", "{explica|explícame|describe|define|aclárame} $x",
        "{puedes|podrías|me puedes|me podrías|sabrías} {explicar|explicarme|describir|decirme qué es|aclarar} $x", "cómo funciona $x", "{explícame|dime|cuéntame} {cómo funciona|qué es|para qué sirve|qué hace} $x",
        "para qué {sirve|se usa|vale} $x", "no {entiendo|comprendo} $x", "no {sé|entiendo} {qué es|cómo funciona} $x",
        "{háblame|cuéntame algo} {de|sobre} $x", "cuéntame más sobre $x", "qué {sabes|puedes decirme|me dices|me cuentas} {de|sobre} $x",
        "{quiero|quisiera|necesito|me gustaría} {saber|aprender|entender} [algo|más] {de|sobre} $x", "dame una {explicación|definición|idea} [breve|corta|sencilla] de $x",
        "qué hace $x", "cuál es {la idea|la utilidad|la función|el propósito|el sentido} de $x", "qué {quiere decir|se entiende por} $x", "$x", "$x", "y $x",
        "por qué {hace falta|se usa|es útil|es importante} $x", "en qué consiste $x", "$x, qué es", "sabes {qué es|cómo funciona} $x", "conoces $x",
        "qué debo saber {de|sobre} $x", "cómo {explicarías|describirías} $x", "qué pasa con $x", "qué hay de $x", "tengo curiosidad por $x",
    ),
}
HOW = {
    "en": (
        "how {do|can|could|would|should} i $x", "how {do|can} i $x", "how to $x", "what {do i|should i|must i|can i} {do|type|write|enter|run|use} to $x",
        "what do i have to {do|type} to $x", "i {want|need|would like|'d like|wish} to $x", "is there {a|any|some} way to $x", "is it possible to $x", "{can|could|may} i $x",
        "{which|what} command {do i use|should i use|do i need|is there|is used} to $x", "which command lets me $x", "tell me how {to|i can} $x", "{can|could} you tell me how to $x",
        "show me how to $x", "i {don't know|forgot|can't remember} how to $x", "what is the {command|way|option|key|trick} to $x", "what's the {best|right|easiest} way to $x", "help me $x", "how does one $x",
        "am i able to $x", "how can one $x", "what if i want to $x", "how do you $x", "i am trying to $x", "i'm trying to $x, how", "suppose i want to $x", "what do i need to $x",
    ),
    "es": (
        "cómo {puedo|podría|hago para|se puede|debo} $x", "cómo {puedo|hago para} $x", "cómo $x", "qué {tengo que|debo|hay que|necesito} {hacer|escribir|teclear|usar|ejecutar} para $x",
        "{quiero|necesito|quisiera|me gustaría|deseo} $x", "hay {alguna|una} {forma|manera} de $x", "es posible $x", "{puedo|se puede|podría|podemos} $x",
        "{qué|cuál} {orden|comando} {uso|debo usar|sirve|necesito|hay} para $x", "{dime|explícame} cómo {puedo|se puede} $x", "dime cómo $x", "enséñame {a|cómo} $x", "no sé cómo $x", "{no recuerdo|he olvidado} cómo $x",
        "cuál es {la orden|el comando|la manera|la forma|la opción} {de|para} $x", "ayúdame a $x", "con qué {orden|comando} puedo $x", "qué hago para $x", "qué hago si quiero $x", "y si quiero $x", "estoy intentando $x",
    ),
}
