package dev.flexgen.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.config.Environment;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Readers of what hubs send and stores hold either accept randomly damaged input or refuse it with their own exception. */
class HubFuzzTest {

    private static final int CASES = Boolean.getBoolean("flexgen.full") ? 20_000 : 400;
    private static final String HASH = "a".repeat(64);
    private static final RemoteFile FILE = new RemoteFile("model.safetensors", 1000, HASH, true);
    private static final List<String> TREES = List.of(
            "[{\"type\":\"file\",\"path\":\"config.json\",\"size\":5,\"oid\":\"" + "b".repeat(40) + "\"},"
                    + "{\"type\":\"file\",\"path\":\"model.safetensors\",\"size\":134,\"oid\":\"" + "c".repeat(40)
                    + "\",\"lfs\":{\"oid\":\"" + HASH + "\",\"size\":1000,\"pointerSize\":134}}]",
            "[{\"type\":\"directory\",\"path\":\"onnx\",\"size\":0,\"oid\":\"x\"},{\"type\":\"file\",\"path\":\"LICENSE.md\","
                    + "\"size\":17,\"oid\":\"" + "d".repeat(40) + "\",\"lfs\":null}]");
    private static final List<String> REVISIONS = List.of(
            "{\"id\":\"facebook/opt-125m\",\"sha\":\"" + RawHub.COMMIT + "\",\"siblings\":[{\"rfilename\":\"x\"}]}");
    private static final List<String> LINKS = List.of(
            "<https://hub.example/api/models/a/b/tree/c?cursor=1>; rel=\"next\"",
            "</a>; rel=\"prev\", </b>; title=\"x\"; rel=next");
    private static final List<String> LIMITS =
            List.of("\"resolvers\";r=0;t=55", "120", "Wed, 21 Oct 2026 07:28:00 GMT");
    private static final List<String> INDEXES =
            List.of("{\"metadata\":{\"total_size\":10},\"weight_map\":{\"a\":\"model-00001-of-00002.safetensors\"}}");

    @TempDir
    Path root = Path.of("");

    @Test
    void nothingThatAHubSaysIsMoreThanUnderstoodOrNot() {
        Mutations damaged = new Mutations(new Random(1));
        for (int i = 0; i < CASES; i++) {
            String revision = damaged.of(REVISIONS);
            assertThat(HubListing.commit(revision).stream()).as(revision).allMatch(HubRef::isCommit);
            String tree = damaged.of(TREES);
            HubListing.files(tree)
                    .ifPresent(files -> files.forEach(file -> {
                        assertThat(file.path())
                                .as(tree)
                                .matches("[\\w .()+-]{1,120}")
                                .isNotIn(".", "..");
                        assertThat(file.blobId()).as(tree).matches("[0-9a-f]{40}|[0-9a-f]{64}");
                        assertThat(file.bytes()).as(tree).isBetween(0L, 1L << 50);
                    }));
            String link = damaged.of(LINKS);
            assertThat(nextPage(link)).as(link).isNotNull();
            String limit = damaged.of(LIMITS);
            HubAnswer answer = new HubAnswer(
                    URI.create("https://hub.example/x"),
                    429,
                    Map.of("RateLimit", List.of(limit), "Retry-After", List.of(limit)));
            assertThat(RateLimit.delay(answer).orElse(Duration.ZERO)).as(limit).isGreaterThanOrEqualTo(Duration.ZERO);
        }
    }

    private static Optional<URI> nextPage(String link) {
        try {
            return HubListing.nextPage(
                    new HubAnswer(URI.create("https://hub.example/x"), 200, Map.of("Link", List.of(link))));
        } catch (IllegalArgumentException noAddress) {
            return Optional.empty();
        }
    }

    @Test
    void nothingThatLiesInAStoreIsMoreThanUnderstoodOrNot() throws IOException {
        Mutations damaged = new Mutations(new Random(2));
        Path partial = Files.write(root.resolve("partial"), new byte[1000]);
        Path recordFile = root.resolve("partial.record");
        PartialRecord record = new PartialRecord(recordFile, FILE);
        Intervals some = new Intervals();
        some.add(0, 300);
        some.add(500, 800);
        record.write(some);
        List<String> records = List.of(Files.readString(recordFile));
        FakeStore store = new FakeStore(root);
        store.plainFile(PullWorld.ID, FakeStore.COMMIT, "config.json", "{}");
        store.plainFile(PullWorld.ID, FakeStore.COMMIT, "pytorch_model.bin", "");
        HubCache cache = new HubCache(new Environment(Map.of("HF_HUB_CACHE", root.toString()), root, root));
        List<String> refs = List.of(FakeStore.COMMIT, FakeStore.COMMIT + "\n");
        for (int i = 0; i < CASES; i++) {
            String text = damaged.of(records);
            write(recordFile, i % 2 == 0 ? text : sealed(text));
            assertThat(PartialFile.finishedBytes(FILE, partial)).as(text).isBetween(0L, 1000L);
            String ref = damaged.of(refs);
            store.ref(PullWorld.ID, "main", ref);
            assertThat(cache.find(PullWorld.ID, "main").stream())
                    .as(ref)
                    .allMatch(found -> found.endsWith(FakeStore.COMMIT));
            String index = damaged.of(INDEXES);
            store.plainFile(PullWorld.ID, FakeStore.COMMIT, "model.safetensors.index.json", index);
            assertThat(cache.list()).as(index).hasSizeBetween(0, 1);
        }
    }

    private static void write(Path file, String text) throws IOException {
        Files.deleteIfExists(file);
        Files.write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    /** With the right head and a checksum that fits, which anybody can make. */
    private static String sealed(String text) {
        String body = text.lines()
                .filter(line -> !line.startsWith("checksum") && !line.startsWith("flexgen"))
                .reduce("flexgen partial file 1 " + HASH + " 1000", (all, line) -> all + "\n" + line);
        var crc = new java.util.zip.CRC32();
        crc.update(body.getBytes(StandardCharsets.ISO_8859_1));
        return body + "\nchecksum " + Long.toHexString(crc.getValue()) + "\n";
    }

    /** Damages texts at random, the same way each time. */
    private record Mutations(Random random) {

        private static final List<String> PIECES = List.of(
                "\u0000",
                "\u001b[2J",
                "\ufeff",
                "\"",
                "\\",
                "{",
                "}",
                "[",
                "]",
                "[".repeat(3000),
                ",",
                ":",
                "null",
                "-1",
                "1e999999999",
                "9223372036854775808",
                "..",
                "/../",
                "\u202e",
                "\ud800",
                "\n",
                "\r\n",
                "0-99999999999999999",
                "5-3",
                "<",
                ">",
                "%zz",
                "x".repeat(300),
                "true",
                "NaN",
                "'",
                "rel=next",
                ";",
                "//",
                " ");

        String of(List<String> seeds) {
            StringBuilder text = new StringBuilder(seeds.get(random.nextInt(seeds.size())));
            for (int left = 1 + random.nextInt(4); left > 0; left--) {
                int at = random.nextInt(text.length() + 1);
                int to = Math.min(text.length(), at + 1 + random.nextInt(12));
                switch (random.nextInt(6)) {
                    case 0 -> text.insert(at, PIECES.get(random.nextInt(PIECES.size())));
                    case 1 -> text.replace(at, to, PIECES.get(random.nextInt(PIECES.size())));
                    case 2 -> text.delete(at, to);
                    case 3 -> text.insert(at, text.substring(at, to));
                    case 4 -> text.setLength(at);
                    default ->
                        text.replace(at, Math.min(text.length(), at + 1), Character.toString(random.nextInt(256)));
                }
            }
            return text.toString();
        }
    }
}
