package dev.flexgen.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamDecoderTest {

    private static final String FAMILY = "\uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67";

    @Test
    void anEmojiAppearsWholeOrNotAtAll() {
        try (Tokenizer tokenizer = TestFolders.open(TestFolders.golden("gpt2"))) {
            String text = "rocket \uD83D\uDE80, e\u0323\u0302, " + FAMILY + " \uD834\uDD1E!";
            StreamDecoder decoder = new StreamDecoder(tokenizer);
            StringBuilder shown = new StringBuilder();
            int silent = 0;
            for (int id : tokenizer.encode(text)) {
                String fresh = decoder.next(id);
                shown.append(fresh);
                silent += fresh.isEmpty() ? 1 : 0;
                assertThat(text).startsWith(shown);
                assertThat(shown.toString()).doesNotContain("\uFFFD");
            }
            assertThat(silent).isPositive();
            assertThat(shown.toString()).isEqualTo(text);
            assertThat(decoder.flush()).isEmpty();
        }
    }

    @Test
    void anUnfinishedCharacterComesOutAtTheEndAsAReplacement() {
        try (Tokenizer tokenizer = TestFolders.open(TestFolders.golden("gpt2"))) {
            int[] ids = tokenizer.encode("\uD834\uDD1E");
            assertThat(ids.length).isGreaterThan(1);
            StreamDecoder decoder = new StreamDecoder(tokenizer);
            assertThat(decoder.next(ids[0])).isEmpty();
            assertThat(decoder.flush()).isEqualTo("\uFFFD");
            assertThat(decoder.next(tokenizer.encode("a")[0])).isEqualTo("a");
        }
    }

    @Test
    void invalidBytesAreHeldForOneTokenOnly() {
        try (Tokenizer tokenizer = TestFolders.open(TestFolders.golden("gpt2"))) {
            StreamDecoder decoder = new StreamDecoder(tokenizer);
            int continuation = tokenizer.encode("\uD834\uDD1E")[2];
            assertThat(decoder.next(continuation)).isEmpty();
            for (int i = 0; i < 1000; i++) {
                assertThat(decoder.next(continuation)).hasSize(1);
            }
            assertThat(decoder.next(tokenizer.encode("a")[0])).endsWith("a");
        }
    }

    @Test
    void idsThatTheTokenizerDoesNotKnowLoseNothing() {
        try (Tokenizer tokenizer = TestFolders.open(TestFolders.golden("gpt2"))) {
            StreamDecoder decoder = new StreamDecoder(tokenizer);
            StringBuilder shown = new StringBuilder();
            shown.append(decoder.next(tokenizer.encode("\uD834\uDD1E")[2]));
            for (int i = 0; i < 150; i++) { // models have rows of their tables for more ids than tokenizers have
                shown.append(decoder.next(tokenizer.size() + i));
            }
            shown.append(decoder.next(tokenizer.encode("a")[0])).append(decoder.flush());
            assertThat(shown.toString()).isEqualTo("\uFFFDa");
        }
    }

    @Test
    void specialTokensShowNothing() {
        try (Tokenizer tokenizer = TestFolders.open(TestFolders.golden("gpt2"))) {
            StreamDecoder decoder = new StreamDecoder(tokenizer);
            assertThat(decoder.next(2)).isEmpty();
            assertThat(decoder.next(tokenizer.encode(" x")[0])).startsWith(" ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "bloom", "cl100k_nfc"})
    void anyTextStreamsAsItDecodesWhole(String kind) {
        Random random = new Random(11);
        try (Tokenizer tokenizer = TestFolders.open(TestFolders.golden(kind))) {
            for (int round = 0; round < 200; round++) {
                int[] ids = tokenizer.encode(randomText(random));
                assertThat(streamed(tokenizer, ids)).isEqualTo(tokenizer.decode(ids));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "bloom"})
    void anyIdsStreamAsTheyDecodeWhole(String kind) {
        Random random = new Random(13);
        try (Tokenizer tokenizer = TestFolders.open(TestFolders.golden(kind))) {
            for (int round = 0; round < 200; round++) {
                // Ids below 260 are mostly single bytes, which seldom make valid text; past the end some are unknown.
                int bound = round % 2 == 0 ? 260 : tokenizer.size() + 50;
                int[] ids = random.ints(60, 0, bound).toArray();
                assertThat(streamed(tokenizer, ids)).isEqualTo(tokenizer.decode(ids));
            }
        }
    }

    @Test
    void theCostOfATokenDoesNotGrowWithTheReply() {
        CountingTokenizer tokenizer = new CountingTokenizer();
        StreamDecoder decoder = new StreamDecoder(tokenizer);
        for (int i = 0; i < 10_000; i++) {
            assertThat(decoder.next('a' + i % 26)).hasSize(1);
        }
        assertThat(tokenizer.longestDecoded).isLessThanOrEqualTo(4);
        for (int i = 0; i < 10_000; i++) {
            decoder.next(0xFFFD);
        }
        assertThat(tokenizer.longestDecoded).isLessThanOrEqualTo(64);
    }

    static String streamed(Tokenizer tokenizer, int[] ids) {
        StreamDecoder decoder = new StreamDecoder(tokenizer);
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(decoder.next(id));
        }
        return text.append(decoder.flush()).toString();
    }

    private static String randomText(Random random) {
        StringBuilder text = new StringBuilder();
        int length = random.nextInt(60);
        for (int i = 0; i < length; i++) {
            int bound = switch (random.nextInt(4)) {
                case 0 -> 0x80;
                case 1 -> 0x800;
                case 2 -> 0xD800;
                default -> 0x110000;
            };
            int point = random.nextInt(bound);
            text.appendCodePoint(point >= 0xD800 && point < 0xE000 ? ' ' : point);
        }
        return text.toString();
    }

    /** One id, one character. */
    private static final class CountingTokenizer implements Tokenizer {

        private int longestDecoded;

        @Override
        public int[] encode(String text) {
            return text.codePoints().toArray();
        }

        @Override
        public int[] encodeContinuation(String text) {
            return encode(text);
        }

        @Override
        public int[] encodeWithSpecialTokens(String text) {
            return encode(text);
        }

        @Override
        public String decode(int[] ids) {
            longestDecoded = Math.max(longestDecoded, ids.length);
            return new String(ids, 0, ids.length);
        }

        @Override
        public boolean isSpecial(int id) {
            return false;
        }

        @Override
        public int size() {
            return Character.MAX_CODE_POINT + 1;
        }

        @Override
        public void close() {}
    }
}
