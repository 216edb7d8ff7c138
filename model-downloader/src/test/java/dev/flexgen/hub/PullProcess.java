package dev.flexgen.hub;

import dev.flexgen.config.Environment;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.spi.ToolProvider;

/** Pulls {@link PullWorld#REF} in processes of their own, which can be killed, with the tuning of the tests. */
final class PullProcess {

    static final int ENDED_WITH_A_SENTENCE = 7;
    private static final String STARVED = "starved";
    private static final List<String> TWO_PROCESSORS = List.of(
            "-Xmx512m",
            "-XX:ActiveProcessorCount=2",
            "-Djdk.virtualThreadScheduler.parallelism=2",
            "-Djdk.virtualThreadScheduler.maxPoolSize=2");

    private final PullWorld world;
    private final Path folder;

    /** @param folder for what makes the next process start faster */
    PullProcess(PullWorld world, Path folder) {
        this.world = world;
        this.folder = folder;
    }

    /** What runs in such a process: one pull, or so many side by side into numbered stores, on busy processors. */
    public static void main(String[] arguments) throws InterruptedException {
        Environment environment = Environment.current();
        if (arguments.length == 0) {
            pull(environment);
            return;
        }
        if (arguments[0].equals(STARVED)) {
            pullStarved(environment);
            return;
        }
        List<Thread> pulls = new ArrayList<>();
        for (int i = 0; i < Integer.parseInt(arguments[0]); i++) {
            Path store = Path.of(System.getenv("HF_HUB_CACHE"), String.valueOf(i));
            Environment own = new Environment(
                    Map.of("HF_HUB_CACHE", store.toString(), "HF_ENDPOINT", System.getenv("HF_ENDPOINT")),
                    environment.home(),
                    environment.workingDirectory());
            pulls.add(Thread.ofPlatform().start(() -> pull(own)));
        }
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            Thread.ofPlatform().daemon().start(() -> {
                while (!Thread.interrupted()) {
                    Thread.onSpinWait();
                }
            });
        }
        for (Thread pull : pulls) {
            pull.join();
        }
    }

    private static void pull(Environment environment) {
        HubCache cache = new HubCache(environment);
        Tuning tuning = PullWorld.tuning(
                Duration.ofSeconds(30), // a busy machine is no silent hub
                Thread::sleep,
                folder -> Files.getFileStore(folder).getUsableSpace(),
                Tuning::open);
        try (Hub hub = new Hub(HubSettings.of(environment), cache, tuning)) {
            hub.pull(hub.plan(PullWorld.REF), _ -> {}, new PullCancel());
        }
    }

    /** With every carrier of virtual threads taken for good, says by its exit code how a pull ends. */
    private static void pullStarved(Environment environment) {
        for (int i = 0; i < 2; i++) {
            Thread.ofVirtual().start(() -> {
                while (!Thread.interrupted()) {
                    Thread.onSpinWait();
                }
            });
        }
        Tuning tuning = PullWorld.tuning(Duration.ofMillis(300), _ -> {}, _ -> Long.MAX_VALUE, Tuning::open);
        try (Hub hub = new Hub(HubSettings.of(environment), new HubCache(environment), tuning)) {
            hub.plan(PullWorld.REF);
        } catch (HubException e) {
            System.exit(e.kind() == HubException.Kind.NETWORK ? ENDED_WITH_A_SENTENCE : 1);
        }
    }

    Process start(Path store) throws IOException {
        return start(store, List.of(), List.of());
    }

    /** A pull whose network is never read. */
    Process startStarved() throws IOException {
        return start(folder, TWO_PROCESSORS, List.of(STARVED));
    }

    /** So many pulls in one process of two processors. */
    Process startSideBySide(int pulls, Path stores) throws IOException {
        return start(stores, TWO_PROCESSORS, List.of(String.valueOf(pulls)));
    }

    private Process start(Path store, List<String> flags, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xshare:auto",
                "-Xlog:disable",
                "-XX:+AutoCreateSharedArchive",
                "-XX:SharedArchiveFile=" + folder.resolve("classes.jsa"),
                "-cp",
                classPath()));
        command.addAll(flags);
        command.add(PullProcess.class.getName());
        command.addAll(arguments);
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(Redirect.DISCARD).redirectError(Redirect.INHERIT);
        builder.environment().put("HF_ENDPOINT", world.fake.endpoint().toString());
        builder.environment().put("HF_HUB_CACHE", store.toString());
        builder.environment().remove("HF_HUB_OFFLINE");
        return builder.start();
    }

    /** In jars alone, since the JVM makes no archive of classes in folders. */
    private String classPath() {
        List<String> entries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path jar = folder.resolve("classes-" + entries.size() + ".jar");
            boolean isFolder = Files.isDirectory(Path.of(entry));
            if (isFolder && !Files.exists(jar)) {
                ToolProvider.findFirst("jar")
                        .orElseThrow()
                        .run(System.out, System.err, "cf", jar + "", "-C", entry, ".");
            }
            entries.add(isFolder ? jar.toString() : entry);
        }
        return String.join(File.pathSeparator, entries);
    }
}
