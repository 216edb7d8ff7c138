package dev.flexgen.hub;

import dev.flexgen.config.Environment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Pulls a model of big files over loopback in a process of its own with a heap of 64 MiB, twice, and has curl fetch the same files
 * from the same server, by turns, with and without forcing them to the disk as a pull does. Arguments: the size of a file in MiB (1024),
 * the number of files (4) and the number of turns (5).
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
        int mebibytes = argument(arguments, 0, 1024);
        int files = argument(arguments, 1, 4);
        int turns = argument(arguments, 2, 5);
        Path folder = Files.createTempDirectory("flexgen-pull-benchmark");
        try (FakeHub fake = new FakeHub()) {
            Path target = Files.createDirectory(folder.resolve("curl"));
            String curl = "curl -sSfL --output-dir " + target + " --remote-name-all" + urls(fake, mebibytes, files);
            List<Double> plain = new ArrayList<>();
            List<Double> forced = new ArrayList<>();
            List<Double> first = new ArrayList<>();
            List<Double> second = new ArrayList<>();
            double all = (double) mebibytes * files;
            for (int turn = 0; turn < turns; turn++) {
                // What one has written is gone before the next begins: memory or disk that was just in use is faster.
                plain.add(all / wall(() -> run(folder, fake, "sh", "-c", curl)));
                empty(target);
                forced.add(all / wall(() -> run(folder, fake, "sh", "-c", curl + " && sync " + target + "/*")));
                empty(target);
                List<String> seconds = run(folder, fake, java()).lines().toList();
                first.add(all / Double.parseDouble(seconds.getFirst()));
                second.add(all / Double.parseDouble(seconds.getLast()));
            }
            System.out.printf(
                    Locale.ROOT,
                    "medians of %d, MiB/s: curl %.0f, curl and sync %.0f%n",
                    turns,
                    median(plain),
                    median(forced));
            print("first pull of a process", median(first), plain, forced);
            print("second pull of it", median(second), plain, forced);
        } finally {
            delete(folder);
        }
    }

    private static int argument(String[] arguments, int index, int otherwise) {
        return arguments.length > index ? Integer.parseInt(arguments[index]) : otherwise;
    }

    /** Fills the model, and says where its files are. */
    private static String urls(FakeHub fake, int mebibytes, int files) {
        FakeRepository repository =
                fake.repository(ID).file("config.json", "{}").file("model.safetensors.index.json", "{}");
        List<String> names = new ArrayList<>();
        for (int i = 1; i <= files; i++) {
            String name = String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i, files);
            names.add(name);
            repository.bigFile(name, FakeContent.random(i, (long) mebibytes << 20));
        }
        String folder = fake.endpoint() + "/" + ID + "/resolve/" + repository.commitOf("main") + "/";
        return names.stream().map(name -> " " + folder + name).collect(Collectors.joining());
    }

    private static String[] java() {
        return new String[] {
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-XX:+UseSerialGC", // as the launcher
            "-cp",
            System.getProperty("java.class.path"),
            PullBenchmark.class.getName(),
            "pull"
        };
    }

    private static void print(String what, double rate, List<Double> plain, List<Double> forced) {
        System.out.printf(
                Locale.ROOT,
                "%s: %.0f MiB/s, %.2f of curl, %.2f of curl and sync%n",
                what,
                rate,
                rate / median(plain),
                rate / median(forced));
    }

    /** Something that takes a while. */
    @FunctionalInterface
    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    private static double wall(Work work) throws IOException, InterruptedException {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e9;
    }

    private static String run(Path folder, FakeHub fake, String... command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("HF_ENDPOINT", fake.endpoint().toString());
        builder.environment().put("HF_HUB_CACHE", folder.resolve("store").toString());
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(command[0] + " failed");
        }
        return output;
    }

    /** Prints the seconds of each of two pulls, without those of starting the JVM and of asking what there is. */
    private static void pull() throws IOException {
        Environment environment = Environment.current();
        HubCache store = new HubCache(environment);
        try (Hub hub = new Hub(HubSettings.of(environment), store)) {
            for (int i = 0; i < 2; i++) {
                PullPlan plan = hub.plan(new HubRef(ID, "main"));
                long start = System.nanoTime();
                hub.pull(plan, _ -> {}, new PullCancel());
                System.out.println((System.nanoTime() - start) / 1e9);
                delete(store.root());
            }
        }
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private static void empty(Path folder) throws IOException {
        delete(folder);
        Files.createDirectory(folder);
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
