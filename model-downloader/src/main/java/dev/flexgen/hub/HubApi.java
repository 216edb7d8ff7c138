package dev.flexgen.hub;

import dev.flexgen.hub.HubException.Kind;
import dev.flexgen.hub.HubHttp.Body;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Asks the hub what it has: the commit that a revision means, and the files of a commit. */
final class HubApi {

    private static final long MOST_BYTES = 16 << 20;
    private static final int MOST_PAGES = 1000;
    private static final int MOST_REDIRECTS = 5;
    private static final int MOST_FILES = 20_000;
    private static final Duration MOST_TIME = Duration.ofMinutes(5);
    private static final String NO_HUB = "does not answer as a hub does";

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
        return HubListing.commit(answer.text()).orElseThrow(() -> strange(ref, NO_HUB));
    }

    /** The files of a commit that a model may need, over as many pages as the hub makes of them. */
    List<RemoteFile> files(HubRef ref, String commit) {
        Map<String, RemoteFile> files = new LinkedHashMap<>();
        Set<URI> pages = new HashSet<>();
        URI page = uri("/api/models/" + ref.id() + "/tree/" + commit + "?recursive=true&expand=false");
        while (pages.add(page) && pages.size() <= MOST_PAGES && files.size() <= MOST_FILES) {
            Text answer = get(ref, page);
            for (RemoteFile file : HubListing.files(answer.text()).orElseThrow(() -> strange(ref, NO_HUB))) {
                RemoteFile same = files.putIfAbsent(file.path(), file);
                if (same != null && !same.equals(file)) {
                    throw strange(ref, "lists " + file.path() + " twice, with different content");
                }
            }
            Optional<URI> next = next(ref, answer);
            if (next.isEmpty()) {
                return List.copyOf(files.values());
            }
            page = HubHttp.follow(answer.head().uri(), next.get());
        }
        throw strange(ref, "lists files without an end");
    }

    private Optional<URI> next(HubRef ref, Text answer) {
        try {
            return HubListing.nextPage(answer.head());
        } catch (IllegalArgumentException noAddress) {
            throw strange(ref, "lists files in pages, of which the next one has no valid address");
        }
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
                    uri = HubHttp.follow(uri, elsewhere.get()); // a renamed repository
                } else if (answer.head().status() == 200) {
                    return answer;
                } else {
                    throw refusals.of(ref, answer.head());
                }
            }
            throw strange(ref, "redirects in a circle");
        });
    }

    /** An answer of words. */
    private record Text(HubAnswer head, String text) {}

    private Text ask(URI uri) throws TransientException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        return http.get(uri, Map.of(), (answer, body) -> text(answer, body, bytes), stop);
    }

    private static Text text(HubAnswer answer, Body body, ByteArrayOutputStream bytes)
            throws IOException, InterruptedException, TransientException {
        long start = System.nanoTime();
        if (answer.isSuccess()) {
            body.copyTo(more -> {
                if (bytes.size() > MOST_BYTES || System.nanoTime() - start > MOST_TIME.toNanos()) {
                    throw new IOException("an answer has no end");
                }
                bytes.write(more.array(), more.arrayOffset() + more.position(), more.remaining());
            });
        }
        return new Text(answer, bytes.toString(StandardCharsets.UTF_8));
    }

    private HubException strange(HubRef ref, String what) {
        return new HubException(
                Kind.SERVER, settings.endpoint() + " " + what + ", asked about " + ref + ": check HF_ENDPOINT.");
    }
}
