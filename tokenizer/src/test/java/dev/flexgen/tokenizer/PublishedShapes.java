package dev.flexgen.tokenizer;

import com.google.gson.Gson;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The parts of published tokenizers, written down by hand in the form in which the families ship them. Put around a
 * small vocabulary of our own they make fixtures that are no third party's files.
 */
final class PublishedShapes {

    static final String NO_POST_PROCESSOR = "null";

    private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private static final String WHITE_SPACE = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";

    static final String GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    static final String LLAMA3 =
            CONTRACTIONS + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" + WHITE_SPACE;
    static final String QWEN =
            CONTRACTIONS + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" + WHITE_SPACE;
    static final String BLOOM = " ?[^(\\s|[.,!?…。，、।۔،])]+";
    static final String GALACTICA = "[\\(\\)\\[\\]\\{\\}]|([!\"\\#\\$%\\&'\\*\\+,\\-\\./:;<=>\\?\\\\\\^_`\\|\\~])\\1*";
    static final String O200K = "[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "*" + LOWER + "+" + CONTRACTIONS
            + "?|[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "+" + LOWER + "*" + CONTRACTIONS
            + "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" + WHITE_SPACE;
    static final String TEKKEN = "[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "*" + LOWER + "+|[^\\r\\n\\p{L}\\p{N}]?" + UPPER
            + "+" + LOWER + "*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" + WHITE_SPACE;
    static final String DEEPSEEK = "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?"
            + "[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|" + WHITE_SPACE;

    static final List<String> PATTERNS = List.of(
            GPT2,
            LLAMA3,
            QWEN,
            BLOOM,
            GALACTICA,
            O200K,
            TEKKEN,
            DEEPSEEK,
            // Qwen with combining marks, and in the spelling of tiktoken
            CONTRACTIONS + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|"
                    + WHITE_SPACE,
            "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|"
                    + "\\s+(?!\\S)|\\s+",
            // DeepSeek's others
            "[\\r\\n]",
            "\\s?\\p{L}+",
            "\\s?\\p{P}+",
            "[一-龥\\u3040-ゟ゠-ヿ]+",
            "[一-龥ࠀ-一가-퟿]+",
            "\\p{N}{1,3}",
            "\\p{N}{1,3}(?=(?:\\p{N}{3})*(?!\\p{N}))",
            // Falcon, StarCoder and the like
            "[0-9][0-9][0-9]",
            "\\d{1,3}",
            // Kimi
            "[\\p{Han}]+",
            "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]+"
                    + CONTRACTIONS + "?",
            // the bundled demo
            "\\nHuman:|\\nAssistant:|\\s(?=\\p{Lu}-\\p{Lu})| ?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s");

    private static final String BYTE_LEVEL =
            "{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true,'use_regex':true}";
    private static final String BYTES_ONLY =
            "{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true,'use_regex':false}";
    private static final String BYTE_DECODER =
            "{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true,'use_regex':true}";
    private static final String NFC = "{'type':'NFC'}";
    private static final String SPACE_MARKS = "{'type':'Replace','pattern':{'String':' '},'content':'▁'}";
    private static final String SENTENCE_PIECE_DECODER = "{'type':'Sequence','decoders':["
            + "{'type':'Replace','pattern':{'String':'▁'},'content':' '},{'type':'ByteFallback'},{'type':'Fuse'},"
            + "{'type':'Strip','content':' ','start':1,'stop':0}]}";
    private static final String PLAIN_SENTENCE_PIECE_DECODER = "{'type':'Sequence','decoders':["
            + "{'type':'Replace','pattern':{'String':'▁'},'content':' '},{'type':'ByteFallback'},{'type':'Fuse'}]}";

    /**
     * A family.
     *
     * @param bytes whether its vocabulary is written in the characters of GPT-2's byte alphabet
     */
    record Shape(
            String name, boolean bytes, String normalizer, String preTokenizer, String postProcessor, String decoder) {

        @Override
        public String toString() {
            return name;
        }
    }

    static final List<Shape> ALL = List.of(
            new Shape(
                    "gpt2, opt, codegen",
                    true,
                    "null",
                    BYTE_LEVEL,
                    BYTE_DECODER.replace("use_regex':true", "use_regex':true"),
                    BYTE_DECODER),
            new Shape(
                    "pythia",
                    true,
                    NFC,
                    BYTE_LEVEL,
                    "{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true}",
                    "{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true}"),
            new Shape("bloom", true, "null", sequence(regex(BLOOM), BYTES_ONLY), BYTES_ONLY, BYTE_DECODER),
            new Shape("llama3", true, "null", sequence(regex(LLAMA3), BYTES_ONLY), template(), BYTE_DECODER),
            new Shape("qwen2, qwen3", true, NFC, sequence(regex(QWEN), BYTES_ONLY), BYTES_ONLY, BYTES_ONLY),
            new Shape("glm", true, "null", sequence(regex(LLAMA3), BYTES_ONLY), template(), BYTE_DECODER),
            new Shape("mistral-nemo", true, "null", sequence(regex(TEKKEN), BYTES_ONLY), template(), BYTE_DECODER),
            new Shape("gpt-oss, llama4", true, "null", sequence(regex(O200K), BYTES_ONLY), BYTE_DECODER, BYTE_DECODER),
            new Shape(
                    "galactica",
                    true,
                    "{'type':'NFKC'}",
                    sequence(
                            split("{'String':'SPL1T-TH1S-Pl3A5E'}", "Removed"),
                            "{'type':'Digits','individual_digits':true}",
                            regex(GALACTICA),
                            split("{'String':'\\n'}", "Isolated"),
                            BYTE_LEVEL),
                    NO_POST_PROCESSOR,
                    BYTE_DECODER),
            new Shape(
                    "deepseek",
                    true,
                    "{'type':'Sequence','normalizers':[]}",
                    sequence(regex("\\p{N}{1,3}"), regex("[一-龥\\u3040-ゟ゠-ヿ]+"), regex(DEEPSEEK), BYTES_ONLY),
                    BYTES_ONLY,
                    BYTE_DECODER),
            new Shape(
                    "falcon",
                    true,
                    "null",
                    sequence(
                            "{'type':'Punctuation','behavior':'Contiguous'}",
                            BYTE_LEVEL,
                            "{'type':'Digits','individual_digits':false}",
                            regex("[0-9][0-9][0-9]")),
                    NO_POST_PROCESSOR,
                    BYTE_DECODER),
            new Shape(
                    "starcoder",
                    true,
                    "null",
                    sequence("{'type':'Digits','individual_digits':true}", BYTE_LEVEL),
                    BYTES_ONLY,
                    BYTE_DECODER),
            new Shape(
                    "llama2, mistral",
                    false,
                    "{'type':'Sequence','normalizers':[{'type':'Prepend','prepend':'▁'}," + SPACE_MARKS + "]}",
                    "null",
                    template(),
                    SENTENCE_PIECE_DECODER),
            new Shape(
                    "mistral v3",
                    false,
                    "null",
                    "{'type':'Metaspace','replacement':'▁','prepend_scheme':'first','split':false}",
                    template(),
                    SENTENCE_PIECE_DECODER),
            new Shape(
                    "gemma",
                    false,
                    SPACE_MARKS,
                    split("{'String':' '}", "MergedWithPrevious"),
                    template(),
                    PLAIN_SENTENCE_PIECE_DECODER),
            new Shape(
                    "older metaspace",
                    false,
                    "null",
                    "{'type':'Metaspace','replacement':'▁','str_rep':'▁','add_prefix_space':true}",
                    NO_POST_PROCESSOR,
                    "{'type':'Metaspace','replacement':'▁','str_rep':'▁','add_prefix_space':true}"));

    private PublishedShapes() {}

    private static String sequence(String... parts) {
        return "{'type':'Sequence','pretokenizers':[" + String.join(",", parts) + "]}";
    }

    private static String regex(String pattern) {
        return split("{'Regex':" + quoted(pattern) + "}", "Isolated");
    }

    private static String split(String pattern, String behavior) {
        return "{'type':'Split','pattern':" + pattern + ",'behavior':'" + behavior + "','invert':false}";
    }

    private static String template() {
        return "{'type':'Sequence','processors':[{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':false,"
                + "'use_regex':true},{'type':'TemplateProcessing','single':[{'SpecialToken':{'id':'<s>','type_id':0}},"
                + "{'Sequence':{'id':'A','type_id':0}}],'pair':[],"
                + "'special_tokens':{'<s>':{'id':'<s>','ids':[0],'tokens':['<s>']}}}]}";
    }

    /** With marks that survive the exchange of quotation marks. */
    private static String quoted(String text) {
        return new Gson().toJson(text).replace("'", "\\u0027");
    }

    /** A whole tokenizer.json. */
    static String json(Shape shape) {
        Vocabulary vocabulary = shape.bytes ? Vocabulary.bytes() : Vocabulary.sentencePieces();
        return ("{'version':'1.0','truncation':null,'padding':null,'added_tokens':["
                                + "{'id':0,'content':'<s>','single_word':false,'lstrip':false,'rstrip':false,'normalized':false,'special':true},"
                                + "{'id':1,'content':'</s>','single_word':false,'lstrip':false,'rstrip':false,'normalized':false,'special':true},"
                                + "{'id':" + vocabulary.size()
                                + ",'content':'<tool>','single_word':false,'lstrip':false,'rstrip':false,"
                                + "'normalized':true,'special':false}],"
                                + "'normalizer':" + shape.normalizer + ",'pre_tokenizer':" + shape.preTokenizer
                                + ",'post_processor':" + shape.postProcessor + ",'decoder':" + shape.decoder
                                + ",'model':{'type':'BPE','dropout':null,'unk_token':"
                                + (shape.bytes ? "null" : "'<unk>'")
                                + ",'continuing_subword_prefix':null,'end_of_word_suffix':null,'fuse_unk':"
                                + !shape.bytes
                                + ",'byte_fallback':" + !shape.bytes + ",'ignore_merges':" + shape.bytes + ",'vocab':")
                        .replace('\'', '"')
                + vocabulary.json() + ",\"merges\":" + vocabulary.merges() + "}}";
    }

    /** Tokens in the order of their ids, and merges. */
    private record Vocabulary(List<String> tokens, List<List<String>> pairs) {

        private static final List<List<String>> PAIRS = List.of(
                List.of("t", "h"), List.of("th", "e"), List.of("i", "n"), List.of("l", "l"), List.of("SPACE", "the"));

        static Vocabulary bytes() {
            List<String> alphabet = new java.util.ArrayList<>(List.of("<s>", "</s>", "<unk>"));
            int other = 256;
            for (int i = 0; i < 256; i++) {
                boolean itself = (i > 32 && i < 127) || (i > 160 && i != 173);
                alphabet.add(String.valueOf((char) (itself ? i : other++)));
            }
            return merged(alphabet, "Ġ");
        }

        static Vocabulary sentencePieces() {
            List<String> alphabet = new java.util.ArrayList<>(List.of("<s>", "</s>", "<unk>"));
            for (int i = 0; i < 256; i++) {
                alphabet.add("<0x%02X>".formatted(i));
            }
            for (char sign = '!'; sign <= '~'; sign++) {
                alphabet.add(String.valueOf(sign));
            }
            alphabet.add("▁");
            return merged(alphabet, "▁");
        }

        private static Vocabulary merged(List<String> alphabet, String space) {
            List<List<String>> pairs = PAIRS.stream()
                    .map(pair -> pair.stream()
                            .map(word -> word.replace("SPACE", space))
                            .toList())
                    .toList();
            pairs.forEach(pair -> alphabet.add(String.join("", pair)));
            return new Vocabulary(alphabet, pairs);
        }

        int size() {
            return tokens.size();
        }

        String json() {
            var ids = new java.util.LinkedHashMap<String, Integer>();
            tokens.forEach(token -> ids.put(token, ids.size()));
            return new Gson().toJson(ids);
        }

        String merges() {
            return pairs.stream()
                    .map(pair -> new Gson().toJson(String.join(" ", pair)))
                    .collect(Collectors.joining(",", "[", "]"));
        }
    }
}
