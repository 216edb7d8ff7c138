package dev.flexgen.chat.dialogue;

import dev.flexgen.engine.KvLoad;
import dev.flexgen.engine.KvSaved;
import dev.flexgen.engine.Session;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.tokenizer.StreamDecoder;
import dev.flexgen.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** The memory of one session of the engine. Owned by the chat's thread, but for {@link #keep} and {@link #recalls}. */
final class EngineMemory implements ModelMemory, AutoCloseable {

    private final Session session;
    private final Tokenizer tokenizer;
    private final Runnable claim;
    private volatile @Nullable Recall recall;
    private Consumer<KvLoad> told = _ -> {};

    /** @param claim ends whatever else uses the session */
    EngineMemory(Session session, Tokenizer tokenizer, Runnable claim) {
        this.session = session;
        this.tokenizer = tokenizer;
        this.claim = claim;
    }

    @Override
    public Kept kept(Path file) {
        KvSaved saved = session.saved(file);
        return new Kept(TokenIds.of(saved.ids()), saved.fault());
    }

    @Override
    public void recall(Path file, TokenIds prompt, Consumer<KvLoad> listener) {
        claim.run();
        endRecall();
        if (prompt.length() > 0 && prompt.length() <= session.limit()) {
            told = listener;
            recall = new Recall(session, file, prompt.toArray());
        }
    }

    /** Waits until the session is read, if it is being read, and tells what came of it; {@code cancel} ends it early. */
    void awaitRecall(CancelToken cancel, ReplyListener listener) {
        Recall begun = recall;
        if (begun != null) {
            recall = null;
            told.accept(begun.await(cancel, listener));
        }
    }

    /** Whether the session is being read from a file at this moment. */
    boolean recalls() {
        Recall begun = recall;
        return begun != null && !begun.over();
    }

    private void endRecall() {
        Recall begun = recall;
        if (begun != null) {
            begun.close();
            recall = null;
        }
    }

    @Override
    public OptionalLong keep(Path file, LongPredicate wanted) {
        return session.save(file, wanted);
    }

    @Override
    public Optional<TokenIds> spoken(String reply, TokenIds held, int from) {
        StreamDecoder decoder = new StreamDecoder(tokenizer);
        StringBuilder said = new StringBuilder();
        int[] ids = held.toArray();
        Deque<Ending> endings = new ArrayDeque<>();
        for (int i = from; i < ids.length && said.length() < reply.length(); i++) {
            int before = said.length();
            String piece = decoder.next(ids[i]);
            said.append(said.isEmpty() ? piece.stripLeading() : piece);
            if (!agrees(reply, said, before)) {
                return Optional.empty();
            }
            if (said.length() > before && said.length() <= reply.length()) {
                endings.push(new Ending(i + 1, said.length()));
            }
        }
        return endings.stream()
                .filter(it -> it.length() == reply.length() || isWhole(ids, from, it))
                .findFirst()
                .map(it -> spoken(reply, held, from, it));
    }

    /** Ids up to one, exclusively, and how much of the text they say. */
    private record Ending(int id, int length) {}

    /** Whether the ids say no more than that, not even half a character. */
    private boolean isWhole(int[] ids, int from, Ending ending) {
        String said = tokenizer.decode(Arrays.copyOfRange(ids, from, ending.id()));
        return said.stripLeading().length() == ending.length();
    }

    private TokenIds spoken(String reply, TokenIds held, int from, Ending ending) {
        TokenIds spoken = held.from(from).first(ending.id() - from);
        String rest = reply.substring(ending.length());
        return rest.isEmpty()
                ? spoken
                : TokenIds.join(List.of(spoken, TokenIds.of(tokenizer.encodeContinuation(rest))));
    }

    /** Whether what was said is what the reply has there, from {@code from} on, as far as both go. */
    private static boolean agrees(String reply, CharSequence said, int from) {
        int to = Math.min(said.length(), reply.length());
        return from >= to || reply.substring(from, to).contentEquals(said.subSequence(from, to));
    }

    @Override
    public void close() {
        endRecall();
    }
}
