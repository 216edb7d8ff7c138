package dev.flexgen.chat.sessions;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.DialogueChange;
import dev.flexgen.chat.dialogue.DialogueObserver;
import dev.flexgen.chat.dialogue.Transcript;
import dev.flexgen.chat.dialogue.Transcript.Exchange;
import dev.flexgen.config.FileFailure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes a dialogue into a session's file as it goes: a message before it is answered, a reply when it has ended, and how many
 * turns are left when some were taken back. The file is made with the first message. Owned by the chat's thread.
 */
final class SessionRecorder implements DialogueObserver, AutoCloseable {

    private final SessionStore store;
    private final SessionLines lines;
    private final Map<String, String> settings;
    private final Consumer<String> complain;
    private String model;
    private boolean wanted;
    private boolean complained;
    private Optional<String> wantedName = Optional.empty();
    private @Nullable SessionFile file;
    private String name = "";

    /** What the file says so far. */
    private String writtenSystem = "";

    private List<Exchange> written = new ArrayList<>();
    private @Nullable String writtenMessage;

    /**
     * One that has no file yet.
     *
     * @param settings those that the user chose for the conversation, by name
     * @param wanted whether conversations are kept
     * @param complain told once, when something can no longer be kept
     */
    SessionRecorder(
            SessionStore store, String model, Map<String, String> settings, boolean wanted, Consumer<String> complain) {
        this.store = store;
        this.lines = new SessionLines(store.clock());
        this.model = model;
        this.settings = Map.copyOf(settings);
        this.wanted = wanted;
        this.complain = complain;
    }

    /** The name of the session that is written now. */
    Optional<String> name() {
        return file == null ? Optional.empty() : Optional.of(name);
    }

    /** The next file that is made has this name. */
    void wantName(String next) {
        wantedName = Optional.of(SessionNames.checked(next));
    }

    /** Goes on with a session that was read before; {@link CommandException} if another program writes it. */
    void goOnWith(SavedSession session) {
        if (!wanted) {
            return;
        }
        try {
            SessionFile opened = store.open(session.name());
            close();
            file = opened;
        } catch (IOException e) {
            throw CommandException.failure("the session '" + session.name() + "' cannot be written ("
                    + FileFailure.reason(e) + "); check its permissions, or go on without keeping it: --no-save");
        }
        name = session.name();
        written = new ArrayList<>(session.turns());
        writtenMessage = session.unanswered().orElse(null);
        writtenSystem = session.systemText();
        if (!model.equals(session.model())) {
            write(List.of(lines.model(model)));
        }
    }

    /** The file has another name now. */
    void renamed(String now) {
        name = now;
    }

    /** Another model goes on with the conversation. */
    void model(String other) {
        model = other;
        if (file != null) {
            write(List.of(lines.model(other)));
        }
    }

    /** From now on conversations are kept, this one from its beginning. */
    void start(Dialogue dialogue) {
        wanted = true;
        catchUp(dialogue.transcript());
    }

    @Override
    public void onReplyBegins(String message, Dialogue dialogue) {
        Transcript now = dialogue.transcript();
        boolean again = written.size() == now.exchanges().size() + 1
                && written.getLast().message().equals(message);
        if (!wanted || message.isEmpty() || again) {
            return; // the reply alone will be new
        }
        catchUp(now);
        if (ensureFile(now.systemText())) {
            write(List.of(lines.message(message)));
            writtenMessage = message;
        }
    }

    @Override
    public void onChange(DialogueChange change, Dialogue dialogue) {
        if (change == DialogueChange.ANOTHER) {
            close();
        } else if (wanted && !(file == null && dialogue.transcript().exchanges().isEmpty())) {
            catchUp(dialogue.transcript());
        }
    }

    /** Writes how the dialogue differs from what is written. */
    private void catchUp(Transcript now) {
        List<Exchange> turns = now.exchanges();
        if ((turns.isEmpty() && file == null) || !ensureFile(now.systemText())) {
            return;
        }
        List<String> news = new ArrayList<>();
        if (!now.systemText().equals(writtenSystem)) {
            news.add(lines.system(now.systemText()));
        }
        int same = 0;
        while (same < Math.min(turns.size(), written.size()) && turns.get(same).equals(written.get(same))) {
            same++;
        }
        boolean otherReply = same == turns.size() - 1
                && same == written.size() - 1
                && turns.get(same).message().equals(written.get(same).message());
        if (same < written.size() && !otherReply) {
            news.add(lines.keep(same));
            writtenMessage = null;
        }
        for (Exchange turn : turns.subList(same, turns.size())) {
            if (!otherReply && !turn.message().equals(writtenMessage)) {
                news.add(lines.message(turn.message()));
            }
            news.add(lines.reply(turn.reply(), turn.end()));
            writtenMessage = null;
        }
        written = new ArrayList<>(turns);
        writtenSystem = now.systemText();
        write(news);
    }

    /** Whether there is a file to write to. */
    private boolean ensureFile(String systemText) {
        if (file != null) {
            return true;
        }
        try {
            file = store.create(wantedName);
            name = SessionStore.nameOf(file);
            wantedName = Optional.empty();
            written = new ArrayList<>();
            writtenMessage = null;
            writtenSystem = systemText;
            write(List.of(lines.head(model, systemText, settings)));
            return true;
        } catch (IOException e) {
            complainOnce("this conversation is not kept: its session cannot be written (" + FileFailure.reason(e)
                    + "); make room or check permissions, or say --no-save");
            return false;
        }
    }

    private void write(List<String> news) {
        if (file == null) {
            return;
        }
        try {
            file.append(news);
            if (complained) {
                complained = false;
                complain.accept("the session '" + name + "' can be written again; nothing of it is missing");
            }
        } catch (IOException e) {
            complainOnce("the session '" + name + "' cannot be written (" + FileFailure.reason(e)
                    + "); what you say is kept in memory and written when there is room");
        }
    }

    private void complainOnce(String sentence) {
        if (!complained) {
            complained = true;
            complain.accept(sentence);
        }
    }

    /** What is said from now on belongs to another session. */
    @Override
    public void close() {
        if (file == null) {
            return;
        }
        try (SessionFile closing = file) {
            closing.append(List.of());
        } catch (IOException e) {
            complain.accept("the end of the session '" + name + "' is lost, since it cannot be written ("
                    + FileFailure.reason(e) + ")");
        } finally {
            file = null;
            name = "";
            written = new ArrayList<>();
            writtenMessage = null;
        }
    }
}
