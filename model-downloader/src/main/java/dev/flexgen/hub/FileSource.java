package dev.flexgen.hub;

import dev.flexgen.hub.HubHttp.Reading;
import dev.flexgen.hub.HubHttp.Sink;
import dev.flexgen.hub.PartialFile.Piece;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where the bytes of one file come from: the hub's address for it, or the signed link that this leads to, for as long as it is
 * valid. Safe for threads.
 */
final class FileSource {

    private static final int MOST_REDIRECTS = 10;

    private final HubRef ref;
    private final RemoteFile file;
    private final URI address;
    private final HubHttp http;
    private final Refusals refusals;
    private final Stop stop;
    private volatile @Nullable URI link;

    FileSource(HubSettings settings, HubHttp http, PullPlan plan, RemoteFile file, Stop stop) {
        this.ref = plan.ref();
        this.file = file;
        this.http = http;
        this.refusals = new Refusals(settings);
        this.stop = stop;
        String path = Stream.of(file.path().split("/"))
                .map(segment ->
                        URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20"))
                .collect(Collectors.joining("/"));
        this.address =
                URI.create(settings.endpoint() + "/" + plan.ref().id() + "/resolve/" + plan.commit() + "/" + path);
    }

    /** How a request for a piece ended, if not with an exception. */
    enum Outcome {
        /** The bytes of the answer are written. */
        WRITTEN,
        /** The server gives the whole file away only. */
        WHOLE_ONLY,
        /** The server has something else under this name now, or says that it is shorter. */
        OTHER_CONTENT
    }

    /** Fetches what is left of a piece. */
    Outcome fetch(Piece piece, Runnable progress) throws TransientException {
        URI known = link;
        URI uri = known == null ? address : known;
        boolean renewed = known == null;
        for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
            boolean whole = piece.at() == 0 && piece.to() == file.bytes();
            Map<String, String> range =
                    whole ? Map.of() : Map.of("Range", "bytes=" + piece.at() + "-" + (piece.to() - 1));
            Taken taken = http.get(uri, range, into(piece, progress), stop);
            HubAnswer answer = taken.answer();
            int status = answer.status();
            if (hasOtherContent(answer) || status == 416) {
                link = null;
                return Outcome.OTHER_CONTENT;
            } else if (answer.isSuccess()) {
                return taken.written() ? Outcome.WRITTEN : Outcome.WHOLE_ONLY;
            } else if (answer.redirect().isPresent()) {
                uri = HubHttp.follow(uri, answer.redirect().get());
                link = http.isHub(uri) ? null : uri;
            } else if (!http.isHub(uri) && status / 100 == 4 && status != 408 && status != 429) {
                // Signed links expire: ask the hub for a new one, but do not hammer on if that one fails as well.
                link = null;
                if (renewed) {
                    throw new TransientException(
                            uri.getHost() + " refuses a fresh link with status " + status, (Throwable) null);
                }
                renewed = true;
                uri = address;
            } else {
                throw refusals.of(ref, answer);
            }
        }
        throw new TransientException("the hub redirects in a circle", (Throwable) null);
    }

    /** An answer, and whether its bytes were of use. */
    private record Taken(HubAnswer answer, boolean written) {}

    private Reading<Taken> into(Piece piece, Runnable progress) {
        return (answer, body) -> {
            boolean usable = usable(answer, piece);
            if (usable) {
                body.copyTo(new Writing(piece, progress));
            }
            return new Taken(answer, usable);
        };
    }

    private boolean usable(HubAnswer answer, Piece piece) {
        return switch (answer.status()) {
            case 200 -> piece.at() == 0 && piece.to() == file.bytes();
            // A part of something compressed is a part of other bytes than were asked for.
            case 206 ->
                !answer.isCompressed()
                        && answer.header("Content-Range").orElse("").startsWith("bytes " + piece.at() + "-");
            default -> false;
        };
    }

    /** Brings bytes into their piece. */
    private record Writing(Piece piece, Runnable progress) implements Sink {

        @Override
        public void write(ByteBuffer bytes) throws IOException {
            if (bytes.remaining() > piece.to() - piece.at()) {
                throw new IOException("more bytes came than were asked for");
            }
            try {
                piece.write(bytes);
            } catch (IOException e) {
                throw new StoreWriteException(e);
            }
            progress.run();
        }

        @Override
        public ByteBuffer buffer() {
            return piece.buffer();
        }
    }

    /** Only the hub's own answers carry the hash; a link's ETag is another server's affair. */
    private boolean hasOtherContent(HubAnswer answer) {
        if (answer.header("X-Repo-Commit").isEmpty()) {
            return false;
        }
        Optional<String> etag = answer.header("X-Linked-ETag");
        if (etag.isEmpty() && answer.isSuccess()) {
            etag = answer.header("ETag");
        }
        return etag.map(text -> text.replaceFirst("^W/", "").replace("\"", ""))
                .filter(text -> text.matches("[0-9a-f]{40}|[0-9a-f]{64}"))
                .filter(text -> !text.equals(file.blobId()))
                .isPresent();
    }
}
