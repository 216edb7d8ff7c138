package dev.flexgen.chat.repl;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jline.reader.impl.history.DefaultHistory;

/**
 * The messages before this one, for the Up key: those of this chat, and those of the file where there is one. A line that begins
 * with a space is left out, and so is a bare command, which tells nothing.
 */
final class ChatHistory extends DefaultHistory {

    private static final Pattern BARE_COMMAND = Pattern.compile("/[a-zA-Z?]+\\s*");

    private final Optional<HistoryFile> file;
    private final Consumer<IOException> onFailure;
    private final boolean remembers;
    private BooleanSupplier except = () -> false;
    private boolean failed;

    /** One that forgets everything. */
    static ChatHistory none() {
        return new ChatHistory(Optional.empty(), _ -> {}, false);
    }

    /** @param onFailure told once, when what is typed can no longer be kept */
    ChatHistory(Optional<HistoryFile> file, Consumer<IOException> onFailure) {
        this(file, onFailure, true);
    }

    private ChatHistory(Optional<HistoryFile> file, Consumer<IOException> onFailure, boolean remembers) {
        this.file = file;
        this.onFailure = onFailure;
        this.remembers = remembers;
    }

    /** While this is so, nothing is remembered. */
    void unless(BooleanSupplier condition) {
        except = condition;
    }

    @Override
    public void load() throws IOException {
        if (file.isPresent()) {
            for (String entry : file.get().read()) {
                internalAdd(Instant.EPOCH, entry);
            }
        }
    }

    @Override
    public void add(Instant time, String line) {
        if (!remembers
                || except.getAsBoolean()
                || line.startsWith(" ")
                || BARE_COMMAND.matcher(line).matches()) {
            return;
        }
        int size = size();
        int last = size == 0 ? -1 : last();
        super.add(time, line);
        if (size() > size || (size > 0 && last() > last)) {
            append(line);
        }
    }

    private void append(String line) {
        if (file.isEmpty() || failed) {
            return;
        }
        try {
            file.get().append(line);
        } catch (IOException e) {
            failed = true;
            onFailure.accept(e);
        }
    }

    /** Each entry is in the file already. */
    @Override
    public void save() {}
}
