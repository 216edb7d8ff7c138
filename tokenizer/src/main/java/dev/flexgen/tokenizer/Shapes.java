package dev.flexgen.tokenizer;

import java.util.Map;
import java.util.Set;

/** The components by name, each with its members; see {@link Component}. */
final class Shapes {

    /** Older files lack the other members, and the library has a default for those. */
    private static final Set<String> REQUIRED = Set.of("pattern", "content", "replacement", "prepend");

    private static final FieldRule BEHAVIOR =
            FieldRule.oneOf("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous");

    private static final Map<String, FieldRule> BYTE_LEVEL = Map.of(
            "add_prefix_space", FieldRule.BOOLEAN, "trim_offsets", FieldRule.BOOLEAN, "use_regex", FieldRule.BOOLEAN);

    private static final Map<String, FieldRule> METASPACE = Map.of(
            "replacement", FieldRule.CHARACTER,
            "str_rep", FieldRule.CHARACTER,
            "add_prefix_space", FieldRule.BOOLEAN,
            "prepend_scheme", FieldRule.oneOf("first", "never", "always"),
            "split", FieldRule.BOOLEAN);

    static final Map<String, Map<String, FieldRule>> NORMALIZERS = Map.of(
            "NFC", Map.of(),
            "NFD", Map.of(),
            "NFKC", Map.of(),
            "NFKD", Map.of(),
            // Longer texts, or none, make the library lose count of its offsets and end the process.
            "Prepend", Map.of("prepend", FieldRule.CHARACTER),
            "Replace", Map.of("pattern", FieldRule.CHARACTER_PATTERN, "content", FieldRule.CHARACTER));

    static final Map<String, Map<String, FieldRule>> PRE_TOKENIZERS = Map.of(
            "ByteLevel", BYTE_LEVEL,
            "Split", Map.of("pattern", FieldRule.PATTERN, "behavior", BEHAVIOR, "invert", FieldRule.BOOLEAN),
            "Digits", Map.of("individual_digits", FieldRule.BOOLEAN),
            "Punctuation", Map.of("behavior", BEHAVIOR),
            "Metaspace", METASPACE,
            "Whitespace", Map.of(),
            "WhitespaceSplit", Map.of());

    static final Map<String, Map<String, FieldRule>> DECODERS = Map.of(
            "ByteLevel",
            BYTE_LEVEL,
            "Metaspace",
            METASPACE,
            "Replace",
            Map.of("pattern", FieldRule.FIXED_PATTERN, "content", FieldRule.TEXT),
            "ByteFallback",
            Map.of(),
            "Fuse",
            Map.of(),
            // More than the one space that Llama's puts in front makes the library count below zero.
            "Strip",
            Map.of("content", FieldRule.CHARACTER, "start", FieldRule.number(0, 1), "stop", FieldRule.number(0, 0)));

    private Shapes() {}

    static boolean isRequired(String member) {
        return REQUIRED.contains(member);
    }
}
