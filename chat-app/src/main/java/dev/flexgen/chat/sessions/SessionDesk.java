package dev.flexgen.chat.sessions;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.TokenIds;
import dev.flexgen.chat.dialogue.Transcript;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * The sessions as a chat uses them: the one that is written, and those that can be gone on with. Failures are {@link
 * CommandException}s of one sentence. Owned by the chat's thread, until {@link #close}.
 */
public final class SessionDesk implements AutoCloseable {

    private final SessionStore store;
    private final SessionRecorder recorder;
    private final KvKeeper keeper;
    private final Hangup hangup;
    private Optional<SavedSession> begin = Optional.empty();

    /**
     * How what the model holds of conversations is kept.
     *
     * @param quota bytes for all of them; 0 for a tenth of what is free, and at most 20 GiB; less to keep none
     * @param idle how long nobody says anything before it is written
     * @param remark hears what one may want to know of it
     */
    public record Cache(long quota, Duration idle, Consumer<String> remark) {

        /** None is kept. */
        public static final Cache OFF = new Cache(-1, Duration.ZERO, _ -> {});
    }

    /**
     * What a chat's sessions need.
     *
     * @param model whom the conversation is with
     * @param settings those that the user chose for it, by name
     * @param keep whether conversations are kept
     * @param cache how what the model holds of them is kept
     * @param complain told when something cannot be kept
     * @param exit ends the process with this code; called when the terminal was lost and the reply has ended
     */
    public SessionDesk(
            SessionStore store,
            String model,
            Map<String, String> settings,
            boolean keep,
            Cache cache,
            Consumer<String> complain,
            IntConsumer exit) {
        this.store = store;
        recorder = new SessionRecorder(store, model, settings, keep, complain);
        keeper = new KvKeeper(store.kvFiles(cache.quota()), recorder::name, cache.remark(), cache.idle());
        hangup = new Hangup(() -> {
            keeper.finish();
            recorder.close();
            exit.accept(Hangup.EXIT_CODE);
        });
    }

    /** The conversation to come goes on with this one. */
    public void goOnWith(SavedSession session) {
        recorder.goOnWith(session);
        begin = Optional.of(session);
    }

    /** The conversation to come has this name. */
    public void wantName(String name) {
        recorder.wantName(name);
    }

    /** Has the dialogue begin where the session ended, and be written from now on. */
    public void attach(Dialogue dialogue) {
        begin.ifPresent(session -> restore(session, dialogue.systemText(), dialogue));
        dialogue.observe(recorder);
        dialogue.observe(keeper);
        dialogue.observe(hangup); // the last, since it may end the program
    }

    private void restore(SavedSession session, String systemText, Dialogue dialogue) {
        TokenIds held = keeper.held(session.name(), dialogue.model().memory());
        dialogue.restore(new Transcript(systemText, session.turns()), held);
        keeper.recall(session.name(), held, dialogue);
    }

    /** Keeps what the model holds of the conversation, for the model is about to be closed. */
    public void finish() {
        keeper.finish();
    }

    /** The name of the session that is written; none before the first message, and where nothing is kept. */
    public Optional<String> name() {
        return recorder.name();
    }

    /** The names of all, the one that changed last first. */
    public List<String> names() {
        return store.names();
    }

    public SavedSession read(String name) {
        return store.read(name);
    }

    /** Keeps the conversation from now on, from its beginning, under this name or, if empty, that of the date. */
    public String save(String wanted, Dialogue dialogue) {
        if (recorder.name().isPresent() && !wanted.isEmpty()) {
            rename(wanted);
        } else if (recorder.name().isEmpty()) {
            if (!wanted.isEmpty()) {
                if (store.has(wanted)) {
                    throw CommandException.usage("there is a session '" + wanted + "' already; choose another name");
                }
                recorder.wantName(wanted);
            }
            recorder.start(dialogue);
        }
        return recorder.name().orElse(wanted);
    }

    /** Gives the session that is written another name. */
    public void rename(String to) {
        String from = recorder.name()
                .orElseThrow(
                        () -> CommandException.usage("nothing of this conversation is kept yet; /save NAME keeps it"));
        if (!from.equals(to)) {
            store.rename(from, to);
            recorder.renamed(to);
            keeper.renamed(from, to);
        }
    }

    /** Goes on with another session. */
    public SavedSession load(String name, Dialogue dialogue) {
        SavedSession session = store.read(name);
        keeper.finish();
        if (recorder.name().filter(name::equals).isEmpty()) {
            recorder.goOnWith(session);
        }
        restore(session, session.systemText(), dialogue);
        return session;
    }

    /**
     * Puts a session aside. What is said next, if it was the one that is written, begins another.
     *
     * @return the name to restore it by
     */
    public String delete(String name) {
        if (recorder.name().filter(name::equals).isPresent()) {
            recorder.close();
        }
        String restoredBy = store.delete(name);
        keeper.deleted(name);
        return restoredBy;
    }

    /** Brings back a deleted one. */
    public void restore(String name) {
        store.restore(name);
    }

    /** Another model goes on. */
    public void model(String name) {
        recorder.model(name);
    }

    /** Whether the terminal is lost, and the program still there for a reply. */
    boolean hungUp() {
        return hangup.happened();
    }

    @Override
    public void close() {
        hangup.close();
        keeper.close();
        recorder.close();
    }
}
