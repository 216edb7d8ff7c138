package dev.flexgen.chat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The lines of a text that a user hands over as a file or through a pipe: UTF-8, read strictly, each line as soon as it is
 * there. A byte order mark is no part of the text, and a line may end in CR LF. A line that is no text, or longer than
 * it may be, is said to be so and the next one read. Not thread-safe; whoever opened the stream closes it.
 */
public final class TextLines {

    private static final byte[] UTF_8_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
    private static final int MOST_BYTES_A_CHARACTER = 3;

    private final InputStream in;
    private final int longest;
    private final byte[] buffer = new byte[8192];
    private int at;
    private int end;
    private int number;
    private boolean endedByLineFeed;
    /** Why no line of it can be read; known after the first bytes. */
    private @Nullable String wrongEncoding;

    /** @param longest most characters (UTF-16 units) of a line */
    public TextLines(InputStream in, int longest) {
        this.in = in;
        this.longest = longest;
    }

    /** A line of the text, counted from 1. */
    public sealed interface Line {

        /** The number in the text. */
        int number();

        /** What it says, without its end. */
        record Text(int number, String text) implements Line {}

        /** A line that cannot be used; {@code reason} follows "it". */
        record Unusable(int number, String reason) implements Line {}
    }

    /**
     * The next line, or null at the end. Waits for input, and never for more than this line.
     *
     * @throws IOException if the stream cannot be read
     */
    public @Nullable Line next() throws IOException {
        byte[] bytes = bytes();
        if (bytes == null) {
            return null;
        }
        number++;
        if (number == 1) {
            wrongEncoding = wrongEncoding(bytes);
            bytes = startsWith(bytes, UTF_8_MARK) ? Arrays.copyOfRange(bytes, UTF_8_MARK.length, bytes.length) : bytes;
        }
        if (wrongEncoding != null) {
            return new Line.Unusable(number, wrongEncoding);
        }
        return line(bytes);
    }

    /**
     * All of it as one text, lines ended by LF.
     *
     * @throws CommandException if it is no text
     */
    public static String whole(String name, InputStream in, int longest) {
        TextLines lines = new TextLines(in, longest);
        List<String> texts = new ArrayList<>();
        long length = 0;
        try {
            for (Line line = lines.next(); line != null; line = lines.next()) {
                switch (line) {
                    case Line.Text(int _, String text) -> texts.add(text);
                    case Line.Unusable(int number, String reason) ->
                        throw CommandException.usage("line " + number + " of " + name + " " + reason);
                }
                length += texts.getLast().length() + 1;
                if (length > longest) {
                    throw CommandException.usage(name + " has more than " + longest + " characters; shorten it");
                }
            }
        } catch (IOException e) {
            throw unreadable(name, e);
        }
        return String.join("\n", texts) + (lines.endedByLineFeed ? "\n" : "");
    }

    /** The sentence for a stream that cannot be read. */
    public static CommandException unreadable(String name, IOException e) {
        return CommandException.usage(name + " cannot be read: " + e.getMessage());
    }

    private Line line(byte[] bytes) {
        if (bytes.length > (long) longest * MOST_BYTES_A_CHARACTER) {
            return tooLong();
        }
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.length() > longest ? tooLong() : new Line.Text(number, text);
        } catch (CharacterCodingException e) {
            return new Line.Unusable(number, "is not UTF-8 text");
        }
    }

    private Line tooLong() {
        return new Line.Unusable(number, "has more than " + longest + " characters");
    }

    /** Windows writes UTF-16 where it says "Unicode"; its first bytes give it away. */
    private static @Nullable String wrongEncoding(byte[] bytes) {
        boolean utf16 = bytes.length >= 2
                && ((bytes[0] == (byte) 0xFF && bytes[1] == (byte) 0xFE)
                        || (bytes[0] == (byte) 0xFE && bytes[1] == (byte) 0xFF));
        return utf16 ? "is UTF-16 text; save it as UTF-8" : null;
    }

    private static boolean startsWith(byte[] bytes, byte[] start) {
        return bytes.length >= start.length && Arrays.equals(bytes, 0, start.length, start, 0, start.length);
    }

    /** The next line's bytes without its end; null at the end. Of a line that is too long only the beginning is kept. */
    private byte @Nullable [] bytes() throws IOException {
        if (!filled()) {
            return null;
        }
        var line = new ByteArrayOutputStream();
        long most = (long) longest * MOST_BYTES_A_CHARACTER + UTF_8_MARK.length + 2;
        do {
            int start = at;
            while (at < end && buffer[at] != '\n') {
                at++;
            }
            line.write(buffer, start, (int) Math.min(at - start, Math.max(0, most - line.size())));
            endedByLineFeed = at < end;
            if (endedByLineFeed) {
                at++;
            }
        } while (!endedByLineFeed && filled());
        byte[] bytes = line.toByteArray();
        boolean carriageReturn = bytes.length > 0 && bytes[bytes.length - 1] == '\r';
        return carriageReturn ? Arrays.copyOf(bytes, bytes.length - 1) : bytes;
    }

    /** Whether there is a byte to look at; reads some if need be. */
    private boolean filled() throws IOException {
        while (at == end) {
            int read = in.read(buffer, 0, buffer.length);
            if (read < 0) {
                return false;
            }
            at = 0;
            end = read;
        }
        return true;
    }
}
