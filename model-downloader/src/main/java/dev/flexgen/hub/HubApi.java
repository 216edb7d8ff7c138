package dev.flexgen.hub;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.flexgen.hub.Exchange.Body;
import dev.flexgen.hub.HubException.Kind;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Asks the hub what it has: the commit that a revision means, and the files of a commit. */
final class HubApi {

    private static final long MOST_BYTES = 16 << 20;
    private static final int MOST_PAGES = 1000;
    private static final int MOST_REDIRECTS = 5;
    private static final Pattern NEXT = Pattern.compile("<([^>]*)>\\s*;\\s*rel=\"?next\"?");
    private static final Predicate<String> PATH =
            Pattern.compile("(?!.*(^|/)\\.{0,2}(/|$))[^\\\\\\p{Cntrl}]+").asMatchPredicate();
    private static final Predicate<String> HASH =
            Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}").asMatchPredicate();

    private final HubSettings settings;
    private final HubHttp http;
    private final Refusals refusals;
    private final Repeats repeats;
    private final Stop stop;

    HubApi(HubSettings settings, HubHttp http, Repeats repeats, Stop stop) {
        this.settings = settings;
        this.http = http;
        this.refusals = new Refusals(settings);
        this.repeats = repeats;
        this.stop = stop;
    }

    /** The commit that a model's revision means. */
    String commit(HubRef ref) {
        String revision = URLEncoder.encode(ref.revision(), StandardCharsets.UTF_8);
        Text answer = get(ref, uri("/api/models/" + ref.id() + "/revision/" + revision));
        return parsed(ref, answer, json -> {
            String sha = json.getAsJsonObject().get("sha").getAsString();
            return HubRef.isCommit(sha) ? Optional.of(sha) : Optional.empty();
        });
    }

    /** All files of a commit, over as many pages as the hub makes of them. */
    List<RemoteFile> files(HubRef ref, String commit) {
        List<RemoteFile> files = new ArrayList<>();
        URI page = uri("/api/models/" + ref.id() + "/tree/" + commit + "?recursive=true&expand=false");
        for (int pages = 0; pages < MOST_PAGES; pages++) {
            Text answer = get(ref, page);
            files.addAll(parsed(ref, answer, HubApi::entries));
            Optional<URI> next = answer.head().all("Link").stream()
                    .map(NEXT::matcher)
                    .filter(Matcher::find)
                    .map(found -> answer.head().uri().resolve(found.group(1)))
                    .findFirst();
            if (next.isEmpty()) {
                return files;
            }
            page = next.get();
        }
        throw strange(ref, "lists files without an end", null);
    }

    private static Optional<List<RemoteFile>> entries(JsonElement json) {
        List<RemoteFile> files = new ArrayList<>();
        for (JsonElement element : json.getAsJsonArray()) {
            JsonObject entry = element.getAsJsonObject();
            String path = entry.get("path").getAsString();
            // A path becomes one on this machine, so what leads elsewhere is passed over like what is no file.
            if (entry.get("type").getAsString().equals("file") && PATH.test(path)) {
                files.add(file(path, entry));
            }
        }
        return files.stream().allMatch(file -> HASH.test(file.blobId()) && file.bytes() >= 0)
                ? Optional.of(files)
                : Optional.empty();
    }

    private static RemoteFile file(String path, JsonObject entry) {
        JsonElement lfs = entry.get("lfs");
        if (lfs == null || lfs.isJsonNull()) {
            return new RemoteFile(
                    path, entry.get("size").getAsLong(), entry.get("oid").getAsString(), false);
        }
        JsonObject big = lfs.getAsJsonObject();
        return new RemoteFile(path, big.get("size").getAsLong(), big.get("oid").getAsString(), true);
    }

    private URI uri(String path) {
        return URI.create(settings.endpoint() + path);
    }

    private Text get(HubRef ref, URI first) {
        return repeats.call(ref.toString(), () -> 0, () -> {
            URI uri = first;
            for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
                Text answer = ask(uri);
                Optional<URI> elsewhere = answer.head().redirect();
                if (elsewhere.isPresent()) {
                    uri = elsewhere.get(); // a renamed repository
                } else if (answer.head().status() == 200) {
                    return answer;
                } else {
                    throw refusals.of(ref, answer.head());
                }
            }
            throw strange(ref, "redirects in a circle", null);
        });
    }

    /** An answer of words. */
    private record Text(HubAnswer head, String text) {}

    private Text ask(URI uri) throws TransientException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        return http.get(uri, Map.of(), (answer, body) -> text(answer, body, bytes), bytes::size, stop);
    }

    private static Text text(HubAnswer answer, Body body, ByteArrayOutputStream bytes) throws IOException {
        if (answer.isSuccess()) {
            body.copyTo(more -> {
                if (bytes.size() > MOST_BYTES) {
                    throw new IOException("an answer has no end");
                }
                bytes.write(more.array(), more.arrayOffset() + more.position(), more.remaining());
            });
        }
        return new Text(answer, bytes.toString(StandardCharsets.UTF_8));
    }

    /** Reads an answer. */
    @FunctionalInterface
    private interface Reading<T> {
        Optional<T> of(JsonElement json);
    }

    private <T> T parsed(HubRef ref, Text answer, Reading<T> reading) {
        try {
            return reading.of(JsonParser.parseString(answer.text()))
                    .orElseThrow(() -> strange(ref, "does not answer as a hub does", null));
        } catch (HubException e) {
            throw e;
        } catch (RuntimeException e) { // Gson and a missing member throw all sorts of them
            throw strange(ref, "does not answer as a hub does", e);
        }
    }

    private HubException strange(HubRef ref, String what, @Nullable Throwable cause) {
        String message = settings.endpoint() + " " + what + ", asked about " + ref + ": check HF_ENDPOINT.";
        return cause == null ? new HubException(Kind.SERVER, message) : new HubException(Kind.SERVER, message, cause);
    }
}
