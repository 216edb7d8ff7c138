package dev.flexgen.hub;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.math.BigDecimal;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what a hub says it has. What no hub would say is empty, never an exception: anybody can be at the other end. */
final class HubListing {

    /** Far beyond any file, and so little that sums of many do not overflow. */
    private static final long MOST_FILE_BYTES = 1L << 50;

    private static final Pattern LINK = Pattern.compile("<([^<>]*)>([^<]*)");
    private static final Pattern NEXT = Pattern.compile("(?i)(?:^|;)\\s*rel\\s*=\\s*\"?next\"?\\s*(?:[;,]|$)");
    private static final Predicate<String> HASH =
            Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}").asMatchPredicate();

    private HubListing() {}

    /** The commit in what the hub says of a revision. */
    static Optional<String> commit(String json) {
        return read(json, answer -> answer.getAsJsonObject().get("sha").getAsString())
                .filter(HubRef::isCommit);
    }

    /** The files of a page that a model may need. Names of others are never looked at, so they cannot do harm. */
    static Optional<List<RemoteFile>> files(String json) {
        return read(json, HubListing::entries)
                .filter(files -> files.stream()
                        .allMatch(file ->
                                HASH.test(file.blobId()) && file.bytes() >= 0 && file.bytes() <= MOST_FILE_BYTES));
    }

    /**
     * The page after this one, if there is one.
     *
     * @throws IllegalArgumentException if it is no address
     */
    static Optional<URI> nextPage(HubAnswer answer) {
        for (String header : answer.all("Link")) {
            for (Matcher link = LINK.matcher(header); link.find(); ) {
                if (NEXT.matcher(link.group(2)).find()) {
                    return Optional.of(answer.uri().resolve(link.group(1)));
                }
            }
        }
        return Optional.empty();
    }

    private static <T> Optional<T> read(String json, Function<JsonElement, T> reading) {
        try {
            return Optional.ofNullable(reading.apply(JsonParser.parseString(json)));
        } catch (RuntimeException noHubsAnswer) { // Gson and a missing member throw all sorts of them
            return Optional.empty();
        }
    }

    private static List<RemoteFile> entries(JsonElement json) {
        List<RemoteFile> files = new ArrayList<>();
        for (JsonElement element : json.getAsJsonArray()) {
            JsonObject entry = element.getAsJsonObject();
            String path = entry.get("path").getAsString();
            if (entry.get("type").getAsString().equals("file") && NeededFiles.mayBe(path)) {
                files.add(file(path, entry));
            }
        }
        return files;
    }

    private static RemoteFile file(String path, JsonObject entry) {
        JsonElement lfs = entry.get("lfs");
        if (lfs == null || lfs.isJsonNull()) {
            return new RemoteFile(path, bytes(entry), entry.get("oid").getAsString(), false);
        }
        JsonObject big = lfs.getAsJsonObject();
        return new RemoteFile(path, bytes(big), big.get("oid").getAsString(), true);
    }

    /** Not by Gson's own conversion, which takes 2^64 for 0. */
    private static long bytes(JsonObject entry) {
        return new BigDecimal(entry.get("size").getAsString()).longValueExact();
    }
}
