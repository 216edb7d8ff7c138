package dev.flexgen.chat.dialogue;

import dev.flexgen.engine.KvLoad;
import dev.flexgen.engine.base.KvFileFault;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.LongPredicate;

/**
 * What a model holds of a conversation, its keys and values, as files: with one a later program need not read the conversation
 * again. Owned by the chat's thread, but for {@link #keep}.
 */
public interface ModelMemory {

    /** Of a model that has nothing to keep. */
    ModelMemory NONE = new ModelMemory() {
        @Override
        public Kept kept(Path file) {
            return Kept.NOTHING;
        }

        @Override
        public void recall(Path file, TokenIds prompt, Consumer<KvLoad> told) {}

        @Override
        public OptionalLong keep(Path file, LongPredicate wanted) {
            return OptionalLong.empty();
        }

        @Override
        public Optional<TokenIds> spoken(String reply, TokenIds held, int from) {
            return Optional.empty();
        }
    };

    /**
     * What a file says it has for this model.
     *
     * @param ids the tokens; none if it is of no use, or there is none
     * @param fault why it is of no use
     */
    record Kept(TokenIds ids, Optional<KvFileFault> fault) {
        static final Kept NOTHING = new Kept(TokenIds.NONE, Optional.empty());
    }

    Kept kept(Path file);

    /**
     * Begins to take the beginning of a prompt from a file, beside everything else. The next reply waits for it.
     *
     * @param prompt what the next prompt will probably begin with
     * @param told what came of it, before the next reply, on the thread that asks for that
     */
    void recall(Path file, TokenIds prompt, Consumer<KvLoad> told);

    /**
     * Writes what the model holds to a file, on any thread. Ends without one as soon as the next reply begins, which does not wait.
     *
     * @param wanted asked with the file's bytes before anything is written
     * @return bytes written; empty if there is nothing new in the file
     * @throws dev.flexgen.engine.base.EngineException if the disk refuses it
     */
    OptionalLong keep(Path file, LongPredicate wanted);

    /**
     * The ids with which the model holds a reply: those at {@code from}, and for what they lack of the text others behind them.
     * Empty if they say something else.
     */
    Optional<TokenIds> spoken(String reply, TokenIds held, int from);
}
