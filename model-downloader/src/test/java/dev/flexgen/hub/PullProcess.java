package dev.flexgen.hub;

import dev.flexgen.config.Environment;
import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;

/** Pulls {@link PullWorld#REF} in processes of their own, which can be killed, with the tuning of the tests. */
final class PullProcess {

    private final PullWorld world;
    private final Path folder;

    /** @param folder for what makes the next process start faster */
    PullProcess(PullWorld world, Path folder) {
        this.world = world;
        this.folder = folder;
    }

    /** What runs in such a process. */
    public static void main(String[] arguments) throws IOException {
        Environment environment = Environment.current();
        HubCache cache = new HubCache(environment);
        Tuning tuning = PullWorld.tuning(
                Thread::sleep, folder -> Files.getFileStore(folder).getUsableSpace());
        try (Hub hub = new Hub(HubSettings.of(environment), cache, tuning)) {
            hub.pull(hub.plan(PullWorld.REF), _ -> {}, new PullCancel());
        }
    }

    Process start(Path store) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xshare:auto",
                        "-Xlog:disable",
                        "-XX:+AutoCreateSharedArchive",
                        "-XX:SharedArchiveFile=" + folder.resolve("classes.jsa"),
                        "-cp",
                        classPath(),
                        PullProcess.class.getName()))
                .redirectOutput(Redirect.DISCARD)
                .redirectError(Redirect.INHERIT);
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
