package dev.flexgen.hub;

import dev.flexgen.config.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Pulls a model with one big file over loopback in a process of its own with a heap of 64 MiB, and has curl fetch the same file from
 * the same server, by turns, with and without forcing it to the disk as a pull does. Arguments: the file's size in MiB (1024) and the number of turns (5).
 */
public final class PullBenchmark {

    private static final String ID = "bench/big";

    private PullBenchmark() {}

    /** With the argument {@code pull}, the process that is measured. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments.length > 0 && arguments[0].equals("pull")) {
            pull();
            return;
        }
        long bytes = (arguments.length > 0 ? Long.parseLong(arguments[0]) : 1024) << 20;
        int turns = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 5;
        Path folder = Files.createTempDirectory("flexgen-pull-benchmark");
        try (FakeHub fake = new FakeHub()) {
            FakeRepository repository = fake.repository(ID)
                    .file("config.json", "{}")
                    .bigFile("model.safetensors", FakeContent.random(1, bytes));
            String file = fake.endpoint() + "/" + ID + "/resolve/" + repository.commitOf("main") + "/model.safetensors";
            List<Double> plain = new ArrayList<>();
            List<Double> forced = new ArrayList<>();
            List<Double> ours = new ArrayList<>();
            String target = folder.resolve("file").toString();
            String curl = "curl -sSfL -o " + target + " " + file;
            for (int turn = 0; turn < turns; turn++) {
                plain.add(rate(bytes, run(folder, fake, "sh", "-c", curl)));
                Files.delete(Path.of(target));
                forced.add(rate(bytes, run(folder, fake, "sh", "-c", curl + " && sync " + target)));
                Files.delete(Path.of(target));
                ours.add(rate(bytes, run(folder, fake, java())));
                delete(folder.resolve("store"));
            }
            System.out.printf(
                    Locale.ROOT,
                    "medians, MiB/s: pull %.0f, curl %.0f (ratio %.2f), curl and sync %.0f (ratio %.2f)%n",
                    median(ours),
                    median(plain),
                    median(ours) / median(plain),
                    median(forced),
                    median(ours) / median(forced));
        } finally {
            delete(folder);
        }
    }

    private static String[] java() {
        return new String[] {
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-cp",
            System.getProperty("java.class.path"),
            PullBenchmark.class.getName(),
            "pull"
        };
    }

    /** Seconds; of the pull those that it reports itself, since starting a JVM is no part of a download. */
    private static double run(Path folder, FakeHub fake, String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("HF_ENDPOINT", fake.endpoint().toString());
        builder.environment().put("HF_HUB_CACHE", folder.resolve("store").toString());
        long start = System.nanoTime();
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(command[0] + " failed");
        }
        double wall = (System.nanoTime() - start) / 1e9;
        return output.isBlank() ? wall : Double.parseDouble(output.strip());
    }

    private static void pull() {
        Environment environment = Environment.current();
        try (Hub hub = new Hub(HubSettings.of(environment), new HubCache(environment))) {
            long start = System.nanoTime();
            hub.pull(hub.plan(new HubRef(ID, "main")), _ -> {}, new PullCancel());
            System.out.println((System.nanoTime() - start) / 1e9);
        }
    }

    private static double rate(long bytes, double seconds) {
        return bytes / seconds / (1 << 20);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            List<Path> all;
            try (Stream<Path> walk = Files.walk(folder)) {
                all = walk.sorted(Comparator.reverseOrder()).toList();
            }
            for (Path path : all) {
                Files.delete(path);
            }
        }
    }
}
