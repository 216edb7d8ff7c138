package dev.flexgen.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopStringsTest {

    @Test
    void textWithoutAStopStringPassesAtOnce() {
        StopStrings stops = new StopStrings(List.of("Human:"));
        assertThat(stops.push("Hello there")).isEqualTo("Hello there");
        assertThat(stops.stopped()).isFalse();
        assertThat(stops.flush()).isEmpty();
    }

    @Test
    void withoutStopStringsEverythingPasses() {
        StopStrings stops = new StopStrings(List.of(""));
        assertThat(stops.push("a")).isEqualTo("a");
        assertThat(stops.flush()).isEmpty();
        assertThat(stops.stopped()).isFalse();
    }

    @Test
    void aBeginningIsHeldUntilItIsDecided() {
        StopStrings stops = new StopStrings(List.of("\nHuman:"));
        assertThat(stops.push("Yes.\nHu")).isEqualTo("Yes.");
        assertThat(stops.push("m")).isEmpty();
        assertThat(stops.push("ble pie")).isEqualTo("\nHumble pie");
    }

    @Test
    void theTextBeforeAStopStringIsKeptAndTheRestIsNot() {
        StopStrings stops = new StopStrings(List.of("\nHuman:"));
        assertThat(stops.push("Yes.\nHu")).isEqualTo("Yes.");
        assertThat(stops.push("man: and more")).isEmpty();
        assertThat(stops.stopped()).isTrue();
        assertThat(stops.push("x")).isEmpty();
        assertThat(stops.flush()).isEmpty();
    }

    @Test
    void heldTextComesOutAtTheEnd() {
        StopStrings stops = new StopStrings(List.of("\n\n"));
        assertThat(stops.push("done\n")).isEqualTo("done");
        assertThat(stops.flush()).isEqualTo("\n");
    }

    @Test
    void theStopStringThatIsCompleteFirstWins() {
        StopStrings stops = new StopStrings(List.of("abcd", "bc"));
        assertThat(stops.push("xabcd")).isEqualTo("xa");
        assertThat(stops.stopped()).isTrue();
    }

    @Test
    void ofTwoThatEndTogetherTheLongestWins() {
        StopStrings stops = new StopStrings(List.of("Human:", "\nHuman:", ":"));
        assertThat(stops.push("Yes\nHuman:")).isEqualTo("Yes");
    }

    @Test
    void aStopStringThatOverlapsItselfIsFound() {
        StopStrings stops = new StopStrings(List.of("aab"));
        assertThat(stops.push("aa")).isEmpty();
        assertThat(stops.push("a")).isEqualTo("a");
        assertThat(stops.push("b")).isEmpty();
        assertThat(stops.stopped()).isTrue();
    }

    @Test
    void emojiAreNeverCutInHalf() {
        String smile = "\uD83D\uDE42";
        StopStrings stops = new StopStrings(List.of(smile + "!"));
        assertThat(stops.push("a\uD83D\uDE80")).isEqualTo("a\uD83D\uDE80");
        assertThat(stops.push(smile)).isEmpty();
        assertThat(stops.push("\uD83D\uDE80")).isEqualTo(smile + "\uD83D\uDE80");
        assertThat(stops.push("b" + smile + "!")).isEqualTo("b");
    }

    @Test
    void piecesDoNotChangeTheResult() {
        Random random = new Random(7);
        for (int round = 0; round < 2000; round++) {
            List<String> stops = List.of(letters(random, 1 + random.nextInt(4)), letters(random, 2), "abcab");
            String text = letters(random, random.nextInt(40));
            StopStrings whole = new StopStrings(stops);
            String expected = whole.push(text) + whole.flush();
            StopStrings pieces = new StopStrings(stops);
            StringBuilder actual = new StringBuilder();
            for (int at = 0; at < text.length(); ) {
                int end = Math.min(text.length(), at + random.nextInt(5));
                actual.append(pieces.push(text.substring(at, end)));
                at = end;
            }
            actual.append(pieces.flush());
            assertThat(actual.toString()).as("%s in %s", stops, text).isEqualTo(expected);
            assertThat(pieces.stopped())
                    .isEqualTo(whole.stopped())
                    .isEqualTo(stops.stream().anyMatch(text::contains));
        }
    }

    private static String letters(Random random, int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append((char) ('a' + random.nextInt(3)));
        }
        return text.toString();
    }
}
