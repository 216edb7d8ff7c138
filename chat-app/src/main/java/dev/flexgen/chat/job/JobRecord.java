package dev.flexgen.chat.job;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * A line of a job's journal: the checksum of what follows, then the result of one prompt as JSON.
 *
 * @param index of the prompt, from 0
 * @param failed whether it is to be tried again
 * @param output what belongs into the results
 */
record JobRecord(int index, boolean failed, String output) {

    private static final int SUM_DIGITS = 8;
    private static final Gson GSON = new Gson();

    String line() {
        String json = GSON.toJson(this);
        return sum(json) + " " + json;
    }

    /** Nothing for a line that is cut off or damaged. */
    static Optional<JobRecord> read(String line) {
        if (line.length() < SUM_DIGITS + 2
                || line.charAt(SUM_DIGITS) != ' '
                || !line.substring(0, SUM_DIGITS).equals(sum(line.substring(SUM_DIGITS + 1)))) {
            return Optional.empty();
        }
        try {
            JsonObject json =
                    JsonParser.parseString(line.substring(SUM_DIGITS + 1)).getAsJsonObject();
            return Optional.of(new JobRecord(
                    json.get("index").getAsInt(),
                    json.get("failed").getAsBoolean(),
                    json.get("output").getAsString()));
        } catch (JsonParseException | IllegalStateException | NullPointerException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static String sum(String text) {
        CRC32C sum = new CRC32C();
        sum.update(text.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().toHexDigits((int) sum.getValue());
    }
}
