package dev.flexgen.chat.repl;

import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;
import org.jline.reader.impl.history.DefaultHistory;

/** The messages before this one, for the Up key: those of this chat, and those of the file where there is one. */
final class ChatHistory extends DefaultHistory {

    private final Optional<HistoryFile> file;
    private final Consumer<IOException> onFailure;
    private boolean failed;

    /** @param onFailure told once, when what is typed can no longer be kept */
    ChatHistory(Optional<HistoryFile> file, Consumer<IOException> onFailure) {
        this.file = file;
        this.onFailure = onFailure;
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
