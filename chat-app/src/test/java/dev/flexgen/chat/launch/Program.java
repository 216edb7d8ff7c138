package dev.flexgen.chat.launch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program that ran to its end. */
record Program(int exitCode, String out, String err) {

    private static final long LIMIT_SECONDS = 300;

    /** Runs it with this environment and nothing else in it; output goes through files, so that no pipe can fill up. */
    static Program run(Path folder, Map<String, String> environment, String input, List<String> command)
            throws IOException, InterruptedException {
        Path in = Files.writeString(Files.createTempFile("in", ""), input);
        Path out = Files.createTempFile("out", "");
        Path err = Files.createTempFile("err", "");
        try {
            var builder = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectInput(in.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().clear();
            builder.environment().putAll(environment);
            Process process = builder.start();
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(command + " did not end in time; it said " + text(out) + text(err));
            }
            return new Program(process.exitValue(), text(out), text(err));
        } finally {
            Files.delete(in);
            Files.delete(out);
            Files.delete(err);
        }
    }

    private static String text(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8);
    }
}
