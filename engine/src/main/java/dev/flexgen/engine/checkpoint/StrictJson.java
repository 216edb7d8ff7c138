package dev.flexgen.engine.checkpoint;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * JSON from a file that is not trusted: strict syntax and UTF-8, no key twice, no conversions between types. Streams, so
 * that a header of many megabytes costs only what is kept of it. Complaints name file and position.
 */
final class StrictJson {

    /** What to do with the value of one key; the reader stands before the value. */
    @FunctionalInterface
    interface Member {
        void read(String key) throws IOException;
    }

    /** Far above any model's number of tensors, and a bound on what a hostile file makes us hold. */
    static final int MOST_KEYS = 200_000;

    private final MappedFile file;
    private final JsonReader reader;

    /** @param json a part of {@code file} that holds one JSON value, perhaps padded with white space */
    StrictJson(MappedFile file, MemorySegment json) {
        this.file = file;
        var decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        this.reader = new JsonReader(new InputStreamReader(new JsonStream(json), decoder));
        reader.setStrictness(Strictness.STRICT);
    }

    /** Reads the whole document, an object. */
    void document(Member member) {
        try {
            object(member);
            if (reader.peek() != JsonToken.END_DOCUMENT) {
                throw wrong("the end of the JSON text");
            }
        } catch (IOException e) {
            throw EngineException.model(
                    file.path() + ": garbled JSON, " + firstLine(e) + "; the file is damaged, download it again", e);
        }
    }

    void object(Member member) throws IOException {
        expect(JsonToken.BEGIN_OBJECT, "an object");
        reader.beginObject();
        Set<String> keys = new HashSet<>();
        while (reader.hasNext()) {
            String key = reader.nextName();
            if (!keys.add(key)) {
                throw file.damaged("key '" + Quoted.text(key) + "' appears twice");
            }
            if (keys.size() > MOST_KEYS) {
                throw file.damaged("an object of more than " + MOST_KEYS + " keys");
            }
            member.read(key);
        }
        reader.endObject();
    }

    /** Whole numbers that are not negative, at most {@code most} of them. */
    long[] counts(int most) throws IOException {
        expect(JsonToken.BEGIN_ARRAY, "an array of whole numbers");
        reader.beginArray();
        long[] counts = new long[most];
        int length = 0;
        while (reader.hasNext()) {
            if (length == most) {
                throw wrong("at most " + most + " numbers");
            }
            counts[length++] = count();
        }
        reader.endArray();
        return Arrays.copyOf(counts, length);
    }

    private long count() throws IOException {
        expect(JsonToken.NUMBER, "a whole number");
        String digits = reader.nextString();
        try {
            long count = Long.parseLong(digits);
            if (count >= 0) {
                return count;
            }
        } catch (NumberFormatException _) {
            // Fractions, exponents and numbers beyond 64 bits: refused below like the negative ones.
        }
        throw wrong("a whole number from 0 to 2^63-1, not " + Quoted.text(digits));
    }

    String text() throws IOException {
        expect(JsonToken.STRING, "a string");
        return reader.nextString();
    }

    void skip() throws IOException {
        reader.skipValue();
    }

    private void expect(JsonToken token, String what) throws IOException {
        if (reader.peek() != token) {
            throw wrong(what);
        }
    }

    private EngineException wrong(String expected) {
        return file.damaged("expected " + expected + " at " + Quoted.text(reader.getPath()));
    }

    /** Gson appends a line with a link to its own documentation. */
    private static String firstLine(IOException e) {
        String message = e.getMessage() == null ? e.toString() : e.getMessage();
        return Quoted.text(message.lines().findFirst().orElse(""));
    }
}
