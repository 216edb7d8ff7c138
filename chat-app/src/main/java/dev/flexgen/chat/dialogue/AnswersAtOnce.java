package dev.flexgen.chat.dialogue;

import dev.flexgen.engine.Alternatives;
import dev.flexgen.engine.Generation;
import dev.flexgen.engine.GenerationRequest;
import dev.flexgen.engine.Session;
import dev.flexgen.engine.TokenListener;
import dev.flexgen.engine.TokenListener.Verdict;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Several replies of one session, made in the same steps, of which one is kept. Owned by the thread that talks. */
final class AnswersAtOnce implements AutoCloseable {

    private final Session session;
    private final Tokenizer tokenizer;
    private final Set<Integer> endTokens;
    private @Nullable Alternatives open;

    AnswersAtOnce(Session session, Tokenizer tokenizer, Set<Integer> endTokens) {
        this.session = session;
        this.tokenizer = tokenizer;
        this.endTokens = endTokens;
    }

    /**
     * Makes them; the session has been prefilled.
     *
     * @throws EngineException of kind INPUT if there is no room for so many
     */
    List<EndedReply> make(
            List<String> stopStrings,
            List<ReplyOptions> options,
            List<? extends ReplyListener> listeners,
            CancelToken cancel) {
        Alternatives several = fork(options.size());
        List<ReplyAssembler> assemblers = new ArrayList<>();
        List<GenerationRequest> requests = new ArrayList<>();
        List<TokenListener> tokens = new ArrayList<>();
        for (int i = 0; i < options.size(); i++) {
            ReplyListener listener = listeners.get(i);
            var assembler = new ReplyAssembler(tokenizer, stopStrings, listener::onText);
            assemblers.add(assembler);
            requests.add(new GenerationRequest(
                    options.get(i).maxNewTokens(), options.get(i).sampling(), endTokens));
            tokens.add(id -> {
                listener.onToken();
                assembler.push(id);
                return assembler.stopped() ? Verdict.STOP : Verdict.CONTINUE;
            });
        }
        List<Generation> generations = several.generate(requests, tokens, cancel);
        List<EndedReply> ended = new ArrayList<>();
        for (int i = 0; i < generations.size(); i++) {
            assemblers.get(i).finish();
            ended.add(new EndedReply(assemblers.get(i), generations.get(i)));
        }
        return ended;
    }

    /** One of them. */
    record EndedReply(ReplyAssembler assembler, Generation generation) {}

    private Alternatives fork(int count) {
        close();
        try {
            open = new Alternatives(session, count);
            return open;
        } catch (EngineException e) {
            throw e.kind() == EngineException.Kind.PLACEMENT
                    ? EngineException.input("There is no room for the context of " + count
                            + " answers at once; ask for fewer, or begin with a shorter --context.")
                    : e;
        }
    }

    /** The session goes on with this one. */
    void keep(int index) {
        if (open != null) {
            open.keep(index);
        }
        close();
    }

    @Override
    public void close() {
        if (open != null) {
            open.close();
            open = null;
        }
    }
}
