package dev.flexgen.chat.sessions;

import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.DialogueChange;
import dev.flexgen.chat.dialogue.DialogueObserver;
import dev.flexgen.chat.dialogue.ModelMemory;
import dev.flexgen.chat.dialogue.TokenIds;
import dev.flexgen.config.Bytes;
import dev.flexgen.engine.KvLoad;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.base.KvFileFault;
import java.time.Duration;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what the model holds of the session that is written: when nobody has said anything for a while, and at its end. The
 * writing is done by a thread of its own, and a reply does not wait for it. What goes wrong is told in one sentence, at the next
 * turn. Owned by the chat's thread.
 */
final class KvKeeper implements DialogueObserver, AutoCloseable {

    /** A file is written anew when the conversation has grown by this part of it, so that all writing is a few times its end. */
    private static final int GROWN_BY = 8;

    private final KvFiles files;
    private final Supplier<Optional<String>> session;
    private final Consumer<String> remark;
    private final Duration idle;
    private final Queue<String> sentences = new ConcurrentLinkedQueue<>();
    private @Nullable ScheduledExecutorService thread;
    private Future<?> writing = CompletableFuture.completedFuture(null);

    /** What holds a conversation that is not kept yet, and how it will be called; nothing before the first turn. */
    private ModelMemory memory = ModelMemory.NONE;

    private String name = "";
    private int tokens;
    private int turn;

    /** Tokens in the file, and the turn after which it was written; changed by the thread that writes. */
    private volatile int keptTokens;

    private volatile int keptTurn;

    private volatile boolean saidNoRoom;

    /**
     * One that has nothing yet.
     *
     * @param session the name of the one that is written, if any is
     * @param remark hears what should be known of these files
     * @param idle how long nobody says anything before a file is written
     */
    KvKeeper(KvFiles files, Supplier<Optional<String>> session, Consumer<String> remark, Duration idle) {
        this.files = files;
        this.session = session;
        this.remark = remark;
        this.idle = idle;
    }

    /** What the model held at the end of a session; says so if the file is of no use. */
    TokenIds held(String saved, ModelMemory from) {
        if (!files.wanted()) {
            return TokenIds.NONE;
        }
        try {
            ModelMemory.Kept kept = from.kept(files.of(saved));
            kept.fault().ifPresent(fault -> remark.accept(sentence(saved, fault)));
            return kept.ids();
        } catch (EngineException e) {
            return TokenIds.NONE; // the model's files are gone; it goes on without
        }
    }

    /** Has the model take what it held of a session, which the dialogue goes on with; {@code held} is what the file has. */
    void recall(String saved, TokenIds held, Dialogue dialogue) {
        keptTokens = held.length();
        if (held.length() > 0) {
            files.used(saved);
            dialogue.model().memory().recall(files.of(saved), dialogue.promptIds(), load -> recalled(saved, load));
        }
    }

    private void recalled(String saved, KvLoad load) {
        load.fault().map(fault -> sentence(saved, fault)).ifPresent(sentences::add);
    }

    private static String sentence(String saved, KvFileFault fault) {
        String why = switch (fault) {
            case FOREIGN -> "is not one of flexgen-chat's";
            case NEWER -> "was written by a newer flexgen-chat";
            case DAMAGED -> "is damaged";
            case OTHER_MODEL -> "is of another model or number format";
            case UNREADABLE -> "cannot be read";
        };
        return "the saved cache of the session '" + saved + "' " + why + ", so the model reads the conversation again";
    }

    @Override
    public void onReplyBegins(String message, Dialogue dialogue) {
        writing.cancel(false);
        tell();
    }

    @Override
    public void onChange(DialogueChange change, Dialogue dialogue) {
        switch (change) {
            case TURN -> spoken(dialogue);
            case ANOTHER -> {
                begin(Duration.ZERO);
                forget();
            }
            case MODEL, RESTORED -> forget();
            case TAKEN_BACK, CLEARED, SYSTEM_TEXT, COMPRESSED -> {} // what is held begins as it did
        }
        tell();
    }

    private void spoken(Dialogue dialogue) {
        if (!files.wanted() || session.get().isEmpty()) {
            return;
        }
        memory = dialogue.model().memory();
        name = session.get().get();
        tokens = dialogue.heldTokens();
        turn++;
        if (Math.abs(tokens - keptTokens) > keptTokens / GROWN_BY) {
            begin(idle);
        }
    }

    /** Has the file written after a while, unless somebody says something before. */
    private void begin(Duration wait) {
        writing.cancel(false);
        if (memory.equals(ModelMemory.NONE) || turn == keptTurn) {
            return;
        }
        ScheduledExecutorService one = thread;
        if (one == null) {
            one = Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().name("flexgen-kv-files").daemon().factory());
            thread = one;
        }
        ModelMemory from = memory;
        String to = name;
        int count = tokens;
        int after = turn;
        writing = one.schedule(() -> write(from, to, count, after), wait.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void write(ModelMemory from, String to, int count, int after) {
        try {
            if (from.keep(files.of(to), bytes -> hasRoom(to, bytes)).isPresent()) {
                keptTokens = count;
                keptTurn = after;
            }
        } catch (EngineException e) {
            if (!saidNoRoom) {
                saidNoRoom = true;
                sentences.add("what the model holds of the session '" + to + "' is not kept: " + e.getMessage());
            }
        }
    }

    private boolean hasRoom(String to, long bytes) {
        boolean room = files.makeRoom(to, bytes);
        if (!room && !saidNoRoom) {
            saidNoRoom = true;
            sentences.add("what the model holds of the session '" + to + "' (" + Bytes.format(bytes)
                    + ") is not kept: it is over the limit; --session-cache SIZE allows more, and off keeps none");
        }
        return room;
    }

    /** The session has another name. */
    void renamed(String from, String to) {
        finish();
        files.rename(from, to);
        name = name.equals(from) ? to : name;
    }

    /** The session is deleted, and its file with it. */
    void deleted(String gone) {
        if (name.equals(gone)) {
            writing.cancel(false);
            forget();
        }
        files.delete(gone);
    }

    private void forget() {
        memory = ModelMemory.NONE;
        name = "";
        keptTokens = 0;
    }

    /** Writes the file now, if there is something new for it, and waits for that. */
    void finish() {
        begin(Duration.ZERO);
        try {
            if (!writing.isCancelled()) {
                writing.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
        tell();
    }

    private void tell() {
        for (String sentence = sentences.poll(); sentence != null; sentence = sentences.poll()) {
            remark.accept(sentence);
        }
    }

    @Override
    public void close() {
        if (thread != null) {
            thread.shutdownNow();
        }
    }
}
