package dev.flexgen.chat.demo;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.flexgen.chat.CommandException;
import dev.flexgen.config.PlainText;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import org.jline.terminal.Size;
import org.jspecify.annotations.Nullable;

/**
 * A recording in asciinema's format asciicast v2: a line about the terminal, then one for each piece of output with its time in
 * seconds. Written beside its place and moved there when complete; what is not complete is deleted. Events come from one thread at a
 * time.
 */
final class CastFile implements AutoCloseable {

    private final Path file;
    private final Path part;
    private final Writer writer;
    private @Nullable IOException failure;
    private boolean closed;

    private CastFile(Path file, Path part, Writer writer) {
        this.file = file;
        this.part = part;
        this.writer = writer;
    }

    /**
     * Begins one.
     *
     * @throws CommandException if there is such a file already, or none can be written
     */
    static CastFile create(Path file, Size size, String title, Instant now) {
        if (Files.exists(file)) {
            throw CommandException.usage("there is a file " + PlainText.line(file.toString())
                    + " already; choose another name for the recording, or delete it");
        }
        try {
            Path folder = file.toAbsolutePath().getParent();
            Path part = Files.createTempFile(folder, "recording", ".part");
            var cast = new CastFile(file, part, Files.newBufferedWriter(part, StandardCharsets.UTF_8));
            cast.writer.write(header(size, title, now) + "\n");
            return cast;
        } catch (IOException e) {
            throw unwritable(file, e);
        }
    }

    private static JsonObject header(Size size, String title, Instant now) {
        var header = new JsonObject();
        header.addProperty("version", 2);
        header.addProperty("width", size.getColumns());
        header.addProperty("height", size.getRows());
        header.addProperty("timestamp", now.getEpochSecond());
        header.addProperty("title", title);
        var environment = new JsonObject();
        environment.addProperty("TERM", DemoConsole.TYPE);
        header.add("env", environment);
        return header;
    }

    /** Output of the terminal. */
    void output(double seconds, String text) {
        if (failure != null || text.isEmpty()) {
            return;
        }
        var event = new JsonArray();
        event.add("o");
        event.add(text);
        String json = event.toString();
        try {
            writer.write("[" + String.format(Locale.ROOT, "%.6f", seconds) + "," + json.substring(1) + "\n");
        } catch (IOException e) {
            failure = e;
        }
    }

    /** It is complete. */
    void keep() {
        try {
            writer.close();
            if (failure != null) {
                throw failure;
            }
            Files.move(part, file);
            closed = true;
        } catch (IOException e) {
            throw unwritable(file, e);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            writer.close();
        } catch (IOException e) {
            // it goes anyway
        }
        try {
            Files.deleteIfExists(part);
        } catch (IOException e) {
            throw unwritable(part, e);
        }
    }

    private static CommandException unwritable(Path file, IOException e) {
        return CommandException.failure("the recording " + PlainText.line(file.toString()) + " cannot be written: "
                + e.getMessage() + "; choose another place with --record");
    }
}
