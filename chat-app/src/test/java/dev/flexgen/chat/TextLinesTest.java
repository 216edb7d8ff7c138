package dev.flexgen.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.chat.TextLines.Line;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class TextLinesTest {

    @Test
    void linesEndInLfOrCrLfAndTheLastOneNeedsNoEnd() throws IOException {
        assertThat(lines("a\nb\r\n\n\r\nc\rd\r\r\ne", 100))
                .containsExactly(text(1, "a"), text(2, "b"), text(3, ""), text(4, ""), text(5, "c\rd\r"), text(6, "e"));
        assertThat(lines("", 100)).isEmpty();
        assertThat(lines("\n", 100)).containsExactly(text(1, ""));
    }

    @Test
    void aByteOrderMarkIsDroppedOnceAtTheStart() throws IOException {
        assertThat(lines("\uFEFFa\n\uFEFFb", 100)).containsExactly(text(1, "a"), text(2, "\uFEFFb"));
        assertThat(lines("\uFEFF", 100)).containsExactly(text(1, ""));
    }

    @Test
    void aLineThatIsNoTextIsSaidToBeNoneAndTheRestIsRead() throws IOException {
        byte[] bytes = {'a', '\n', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '\n', (byte) 0xC3, '\n', 'b', (byte) 0xF0};
        assertThat(all(new TextLines(new ByteArrayInputStream(bytes), 100)))
                .containsExactly(
                        text(1, "a"),
                        new Line.Unusable(2, "is not UTF-8 text"),
                        new Line.Unusable(3, "is not UTF-8 text"),
                        new Line.Unusable(4, "is not UTF-8 text"));
    }

    @Test
    void utf16IsCalledByItsName() throws IOException {
        for (var encoding : List.of(StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)) {
            byte[] bytes = "\uFEFFhi\nyou".getBytes(encoding);
            assertThat(all(new TextLines(new ByteArrayInputStream(bytes), 100)))
                    .isNotEmpty()
                    .allMatch(line -> line instanceof Line.Unusable(int _, String reason)
                            && reason.equals("is UTF-16 text; save it as UTF-8"));
        }
    }

    @Test
    void aLineMayHaveSoManyCharactersAndNoMore() throws IOException {
        var tooLong = new Line.Unusable(1, "has more than 5 characters");
        assertThat(lines("12345\nx", 5)).containsExactly(text(1, "12345"), text(2, "x"));
        assertThat(lines("123456\nx", 5)).containsExactly(tooLong, text(2, "x"));
        assertThat(lines("日本語日本\r\nx", 5)).containsExactly(text(1, "日本語日本"), text(2, "x"));
        assertThat(lines("1".repeat(100_000) + "\nx", 5)).containsExactly(tooLong, text(2, "x"));
        assertThat(lines("\uFEFF日本語日本\r\n", 5)).containsExactly(text(1, "日本語日本"));
    }

    @Test
    void aLineIsThereBeforeTheNextOneIs() throws IOException {
        var writer = new PipedOutputStream();
        var lines = new TextLines(new PipedInputStream(writer), 100);
        writer.write("é\n".getBytes(StandardCharsets.UTF_8));
        writer.flush();
        assertThat(lines.next()).isEqualTo(text(1, "é"));
        writer.close();
        assertThat(lines.next()).isNull();
    }

    @Test
    void aWholeTextHasPlainLineEnds() {
        assertThat(TextLines.whole("x", stream("\uFEFFa\r\n\r\nb\r\n"), 100)).isEqualTo("a\n\nb\n");
        assertThat(TextLines.whole("x", stream("a\nb"), 100)).isEqualTo("a\nb");
        assertThat(TextLines.whole("x", stream(""), 100)).isEmpty();
        assertThatThrownBy(() -> TextLines.whole("x.txt", stream("a\n".repeat(60)), 100))
                .isInstanceOf(CommandException.class)
                .hasMessage("x.txt has more than 100 characters; shorten it");
        assertThatThrownBy(() -> TextLines.whole("x.txt", new ByteArrayInputStream(new byte[] {'a', '\n', -1}), 100))
                .isInstanceOf(CommandException.class)
                .hasMessage("line 2 of x.txt is not UTF-8 text");
    }

    private static List<Line> lines(String text, int longest) throws IOException {
        return all(new TextLines(stream(text), longest));
    }

    private static List<Line> all(TextLines lines) throws IOException {
        List<Line> all = new ArrayList<>();
        for (Line line = lines.next(); line != null; line = lines.next()) {
            all.add(line);
        }
        return all;
    }

    private static InputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Line text(int number, String text) {
        return new Line.Text(number, text);
    }
}
