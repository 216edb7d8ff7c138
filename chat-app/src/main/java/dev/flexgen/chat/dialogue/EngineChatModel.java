package dev.flexgen.chat.dialogue;

import dev.flexgen.engine.Conversation;
import dev.flexgen.engine.Engine;
import dev.flexgen.engine.FinishReason;
import dev.flexgen.engine.Generation;
import dev.flexgen.engine.GenerationRequest;
import dev.flexgen.engine.TokenListener.Verdict;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.tokenizer.Tokenizer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * The engine and the tokenizer as one model to talk to. Holds one conversation for as long as it is open, so that a turn
 * costs only its new tokens. Closing it closes the conversation; engine and tokenizer are the caller's.
 */
public final class EngineChatModel implements ChatModel, AutoCloseable {

    private final Engine engine;
    private final Tokenizer tokenizer;
    private final Conversation conversation;
    private final Set<Integer> endTokens;
    private @Nullable WarmUp warmUp;

    public EngineChatModel(Engine engine, Tokenizer tokenizer) {
        this.engine = engine;
        this.tokenizer = tokenizer;
        conversation = engine.conversation();
        endTokens = engine.spec().endTokens();
    }

    /** Uses the time until the first reply is asked for. The engine must not be used otherwise meanwhile. */
    public void warmUp() {
        warmUp = new WarmUp(engine);
    }

    private void endWarmUp() {
        if (warmUp != null) {
            warmUp.close();
            warmUp = null;
        }
    }

    @Override
    public int contextLimit() {
        return conversation.limit();
    }

    @Override
    public TokenIds encodeStart(String text) {
        return TokenIds.of(tokenizer.encode(text));
    }

    @Override
    public TokenIds encodeContinuation(String text) {
        return TokenIds.of(tokenizer.encodeContinuation(text));
    }

    @Override
    public Reply reply(
            TokenIds prompt,
            List<String> stopStrings,
            ReplyOptions options,
            ReplyListener listener,
            CancelToken cancel) {
        endWarmUp();
        int prefilled;
        try {
            prefilled = conversation.prefill(prompt.toArray(), cancel, listener::onPrefill);
        } catch (CancellationException e) {
            return new Reply("", TokenIds.NONE, ReplyEnd.STOPPED, 0, 0, 0, 0);
        }
        var assembler = new ReplyAssembler(tokenizer, stopStrings, listener::onText);
        var request = new GenerationRequest(options.maxNewTokens(), options.sampling(), endTokens);
        var generation = conversation.generate(request, cancel, id -> {
            assembler.push(id);
            return assembler.stopped() ? Verdict.STOP : Verdict.CONTINUE;
        });
        assembler.finish();
        return reply(assembler, generation, prefilled);
    }

    private static Reply reply(ReplyAssembler assembler, Generation generation, int prefilled) {
        return new Reply(
                assembler.text(),
                assembler.text().isEmpty() ? TokenIds.NONE : assembler.ids(),
                end(generation.reason()),
                generation.ids().length,
                prefilled,
                generation.prefillSeconds(),
                generation.decodeSeconds());
    }

    private static ReplyEnd end(FinishReason reason) {
        return switch (reason) {
            case EOS, STOP -> ReplyEnd.FINISHED;
            case LENGTH -> ReplyEnd.LENGTH;
            case CANCELLED -> ReplyEnd.STOPPED;
        };
    }

    @Override
    public void close() {
        endWarmUp();
        conversation.close();
    }
}
