"""How the languages written in Latin letters ask, told apart by their commonest words.

A table: patterns are for text without accents and in small letters (see ``languages.folded``). Pure.
"""

from collections.abc import Mapping

from retriever.language.asking import HOW, NUMBER, WHEN, WHERE, WHO, WHY, Language

ENGLISH = Language(
    "the of is are was what which who when where why how does did do to in and for with can i it a an on by "
    "has have no from be or",
    {
        NUMBER: r"how (?:many|much|long|old|far|big|large|fast|often|high|tall|deep|wide)|"
        r"(?:what|which) (?:percent\w*|number|amount|proportion|share)",
        WHEN: r"when|(?:what|which) (?:year|date|day|month|century|decade)",
        WHERE: r"where|(?:what|which) (?:country|city|place|town|region)",
        WHO: "who(?:m|se)?",
        WHY: "why|(?:what|which) (?:reason|cause)s?",
        HOW: "how|way to",
    },
    "I could not find an answer to this in the documents.",
    refers="it|its|that|this|these|those|they|them|their|one|ones|there|he|she|him|her|his",
)
LATIN: Mapping[str, Language] = {
    "en": ENGLISH,
    "es": Language(
        "el la los las de del que se en y a un una por para con es son fue como cual cuando donde quien "
        "cuanto cuanta cuantos cuantas cuales dos ha tiene mas su",
        {
            NUMBER: "cuant[oa]s?|que (?:porcentaje|cantidad|numero)",
            WHEN: "cuando|que (?:ano|fecha|dia|siglo|decada)",
            WHERE: "a?donde|que (?:pais|ciudad|lugar|region)",
            WHO: "quien(?:es)?",
            WHY: "(?:por|para) que",
            HOW: "como",
        },
        "No he encontrado una respuesta a esto en los documentos.",
        idle="que|cual(?:es)?",
        refers="eso|esto|esta|este|estos|estas|ello|ellos|ellas|el|ella|su|sus|lo",
    ),
    "fr": Language(
        "le la les de du des et est sont que qui quoi quel quelle quels quelles dans en un une pour par "
        "comment pourquoi combien ou a au aux il on ce se sur avec",
        {
            NUMBER: "combien|quel(?:le)? (?:pourcentage|nombre|quantite)",
            WHEN: "quand|quelle (?:annee|date)|quel (?:jour|siecle)",
            WHERE: "ou|quel(?:le)? (?:pays|ville|lieu|endroit)",
            WHO: "qui",
            WHY: "pourquoi",
            HOW: "comment",
        },
        "Je n’ai pas trouvé de réponse à cette question dans les documents.",
        idle="quel(?:le)?s?|que|quoi|est-ce|qu'est-ce",
        refers="il|elle|ils|elles|cela|ca|ce|cette|ces|celui|celle|y|en|lui|leur|son|sa|ses",
    ),
    "de": Language(
        "der die das den dem des und ist sind war waren was wer wie wo wann warum welche welcher welches ein "
        "eine einen in von zu mit fur auf nicht im",
        {
            NUMBER: "wie ?viele?|wie (?:lange|hoch|gro[sß]+|weit|alt|oft)",
            WHEN: "wann|welche[mr] (?:jahr|jahrhundert)",
            WHERE: "wo|woher|wohin|welche[mrs]? (?:land|stadt|ort)",
            WHO: "wer|wen|wem|wessen",
            WHY: "warum|weshalb|wieso",
            HOW: "wie",
        },
        "Dazu habe ich in den Dokumenten keine Antwort gefunden.",
        idle="was|welche[mnrs]?",
        refers="es|das|dies|diese[mnrs]?|er|sie|ihn|ihm|ihr|ihre|sein|seine|davon|damit|daran",
    ),
    "it": Language(
        "il lo la i gli le di del della dei che e un una in per con come quando dove chi cosa quale quali "
        "quanto quanti sono stato era perche si a al",
        {
            NUMBER: "quant[oaie]|quale (?:percentuale|numero)",
            WHEN: "quando|(?:che|quale) (?:anno|data|giorno|secolo)",
            WHERE: "dove|quale (?:paese|citta|luogo)",
            WHO: "chi",
            WHY: "perche",
            HOW: "come",
        },
        "Non ho trovato una risposta a questa domanda nei documenti.",
        idle="che|cosa|quale?|quali",
        refers="esso|essa|essi|questo|questa|quello|quella|cio|lui|lei|loro|suo|sua",
    ),
    "pt": Language(
        "o a os as de do da dos das que e em no na um uma por para com como quando onde quem qual quais "
        "quantos foi sao nao se ao",
        {
            NUMBER: "quant[oa]s?|que (?:porcentagem|percentagem|numero)",
            WHEN: "quando|que (?:ano|data|dia|seculo)",
            WHERE: "onde|que (?:pais|cidade|lugar)",
            WHO: "quem",
            WHY: "por ?que",
            HOW: "como",
        },
        "Não encontrei uma resposta a isto nos documentos.",
        idle="que|qual|quais",
        refers="isso|isto|ele|ela|eles|elas|este|esta|esse|essa|seu|sua",
    ),
    "nl": Language(
        "de het een van en is zijn was wat wie waar wanneer waarom hoe welke welk in op voor met te dat die "
        "niet worden werd",
        {
            NUMBER: "hoeveel|hoe (?:lang|groot|hoog|ver|oud|vaak)",
            WHEN: "wanneer|welk(?:e)? (?:jaar|eeuw|datum)",
            WHERE: "waar|welk(?:e)? (?:land|stad|plaats)",
            WHO: "wie",
            WHY: "waarom",
            HOW: "hoe",
        },
        "Ik heb hierop in de documenten geen antwoord gevonden.",
        idle="wat|welke?",
        refers="het|dat|dit|deze|die|hij|zij|ze|hem|haar|hun",
    ),
    "ro": Language(
        "si in de la cu pe un o este sunt a fost care ce cine cand unde cum cat cate cati din pentru al ale "
        "lui au sa",
        {
            NUMBER: "cat[aei]?|ce (?:procent|numar)",
            WHEN: "cand|ce (?:an|data|secol)",
            WHERE: "unde|ce (?:tara|oras|loc)",
            WHO: "cine|cui",
            WHY: "de ce",
            HOW: "cum",
        },
        "Nu am găsit un răspuns la aceasta în documente.",
        idle="ce|care",
        refers="acesta|aceasta|acestea|el|ea|ei|ele|lui|asta",
    ),
    "tr": Language(
        "ve bir bu ne nedir kim nerede nasıl neden kac hangi icin ile mi mu olarak kimdir zaman oldu",
        {
            NUMBER: "kac\\w*|ne kadar|yuzde kac",
            WHEN: "ne zaman|hangi (?:y[iı]l\\w*|tarih\\w*)",
            WHERE: "nere\\w*|hangi (?:ulke\\w*|sehir\\w*)",
            WHO: "kim\\w*",
            WHY: "neden|nicin|niye",
            HOW: "nas[iı]l",
        },
        "Belgelerde bunun yanıtını bulamadım.",
        idle="ne|nedir|neler\\w*|hangi\\w*|m[iu]|midir|mudur|m[ıi]",
        refers="bu|bunu|bunun|bunlar|o|onu|onun|onlar",
    ),
    "vi": Language(
        "la cua va cac co duoc trong o ai gi nao nhung cho mot khi nguoi the bao nhieu voi tu nam",
        {
            NUMBER: "bao nhieu|may",
            WHEN: "khi nao|nam nao|bao gio|ngay nao",
            WHERE: "o dau|nuoc nao|thanh pho nao",
            WHO: "ai",
            WHY: "tai sao|vi sao",
            HOW: "lam (?:the nao|sao)|nhu the nao",
        },
        "Tôi không tìm thấy câu trả lời cho câu hỏi này trong các tài liệu.",
        idle="gi|nao|la|the nao",
        refers="no|do|nay|ho|anh ay|co ay",
    ),
}
