package dev.flexgen.chat.dialogue;

import dev.flexgen.chat.live.EngineWatch;
import dev.flexgen.chat.live.Watch;
import dev.flexgen.chat.prompt.Thoughts;
import dev.flexgen.chat.prompt.Trusted;
import dev.flexgen.engine.FinishReason;
import dev.flexgen.engine.Generation;
import dev.flexgen.engine.GenerationRequest;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.Session;
import dev.flexgen.engine.Speculation;
import dev.flexgen.engine.TokenListener;
import dev.flexgen.engine.TokenListener.Verdict;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.tokenizer.Tokenizer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * An open model and its tokenizer as one partner to talk to. Holds one session for as long as it is open, so that a turn
 * costs only its new tokens. Closing it closes the session; model and tokenizer are the caller's.
 */
public final class EngineChatModel implements ChatModel, AutoCloseable {

    private final Model model;
    private final Tokenizer tokenizer;
    private final Session session;
    private final EngineMemory memory;
    private final Set<Integer> endTokens;
    private final @Nullable Speculation drafts;
    private final ReadingAhead ahead;
    private final AnswersAtOnce several;
    private @Nullable WarmUp warmUp;

    /** A partner without drafts. */
    public EngineChatModel(Model model, Tokenizer tokenizer) {
        this(model, tokenizer, Optional.empty());
    }

    /** @param drafts for its replies; taken over */
    public EngineChatModel(Model model, Tokenizer tokenizer, Optional<Speculation> drafts) {
        this.drafts = drafts.orElse(null);
        this.model = model;
        this.tokenizer = tokenizer;
        session = model.session();
        endTokens = model.spec().endTokens();
        several = new AnswersAtOnce(session, tokenizer, endTokens);
        ahead = new ReadingAhead(session, Pace.of(model));
        memory = new EngineMemory(session, tokenizer, this::endOtherUses);
    }

    /** Warms up while the user reads and types. */
    public synchronized void warmUp() {
        warmUp = new WarmUp(model, session);
    }

    private synchronized void endWarmUp() {
        if (warmUp != null) {
            warmUp.close();
            warmUp = null;
        }
    }

    @Override
    public ModelMemory memory() {
        return memory;
    }

    @Override
    public boolean readsAhead() {
        return ahead.useful();
    }

    @Override
    public synchronized void readAhead(TokenIds beginning) {
        if (memory.recalls() || (warmUp != null && warmUp.isWorthMoreThan(beginning.length()))) {
            return;
        }
        endWarmUp();
        ahead.want(beginning.toArray());
    }

    @Override
    public synchronized Optional<TurnCost> expect(TokenIds prompt) {
        if (memory.recalls()) {
            return Optional.empty(); // how much of it comes from the file is not known yet
        }
        int[] ids = prompt.toArray();
        boolean warmingUp = warmUp != null && !warmUp.over();
        var head = warmingUp
                ? new ReadingAhead.Head(0, 0, 0)
                : ahead.head(ids, model.machine().activity().now().step());
        OptionalDouble seconds = model.secondsToRead(ids.length - head.known());
        OptionalDouble token = model.secondsToWrite();
        double running = head.running() == 0
                ? 0
                : head.share() * model.secondsToRead(head.running()).orElse(0);
        // A word is shown when the token behind it shows that it is whole.
        return seconds.isEmpty()
                ? Optional.empty()
                : Optional.of(new TurnCost(
                        ids.length - head.known(), running + seconds.getAsDouble() + token.orElse(0), token));
    }

    @Override
    public Watch watch() {
        return new EngineWatch(model);
    }

    @Override
    public int contextLimit() {
        return session.limit();
    }

    @Override
    public TokenIds encodeStart(String text) {
        if (Trusted.isMarked(text)) {
            return pieces(text); // a template writes the begin token itself
        }
        return TokenIds.of(tokenizer.encode(text));
    }

    @Override
    public TokenIds encodeContinuation(String text) {
        return Trusted.isMarked(text) ? pieces(text) : TokenIds.of(tokenizer.encodeContinuation(text));
    }

    private TokenIds pieces(String text) {
        return TokenIds.join(Trusted.pieces(text).stream()
                .map(it -> TokenIds.of(
                        it.trusted()
                                ? tokenizer.encodeWithSpecialTokens(it.text())
                                : tokenizer.encodeContinuation(it.text())))
                .toList());
    }

    @Override
    public Reply reply(
            TokenIds prompt,
            List<String> stopStrings,
            ReplyOptions options,
            ReplyListener listener,
            CancelToken cancel) {
        listener.onPrompt(prompt.length());
        takeSession(prompt, listener, cancel);
        int prefilled;
        try {
            prefilled = session.prefill(prompt.toArray(), cancel, listener::onPrefill);
        } catch (CancellationException e) {
            return new Reply("", TokenIds.NONE, ReplyEnd.STOPPED, 0, 0, 0, 0, DraftCount.NONE);
        }
        var assembler = new ReplyAssembler(tokenizer, stopStrings, options.goesOn(), listener::onText);
        var request = new GenerationRequest(options.maxNewTokens(), options.sampling(), endTokens);
        TokenListener tokens = id -> {
            listener.onToken();
            assembler.push(id);
            return assembler.stopped() ? Verdict.STOP : Verdict.CONTINUE;
        };
        DraftCount before = draftCount();
        var generation = session.generate(request, cancel, tokens, drafts);
        assembler.finish();
        return reply(assembler, generation, prefilled, draftCount().since(before));
    }

    @Override
    public List<Reply> replies(
            TokenIds prompt,
            List<String> stopStrings,
            List<ReplyOptions> options,
            List<? extends ReplyListener> listeners,
            CancelToken cancel) {
        ReplyListener first = listeners.getFirst();
        first.onPrompt(prompt.length());
        takeSession(prompt, first, cancel);
        int prefilled;
        try {
            prefilled = session.prefill(prompt.toArray(), cancel, first::onPrefill);
        } catch (CancellationException e) {
            return List.of();
        }
        return several.make(stopStrings, options, listeners, cancel).stream()
                .map(ended -> reply(ended.assembler(), ended.generation(), prefilled, DraftCount.NONE))
                .toList();
    }

    @Override
    public void keep(int index) {
        several.keep(index);
    }

    /** From now on the session is the caller's. */
    private void takeSession(TokenIds prompt, ReplyListener listener, CancelToken cancel) {
        endWarmUp();
        memory.awaitRecall(cancel, listener);
        ahead.settle(prompt.toArray(), cancel);
        several.close();
    }

    /** For reading a file of what was said before. */
    private void endOtherUses() {
        endWarmUp();
        ahead.settle(new int[0], new CancelToken());
        several.close();
    }

    private DraftCount draftCount() {
        return drafts == null
                ? DraftCount.NONE
                : new DraftCount(
                        drafts.drafted(), drafts.accepted(), drafts.failure().orElse(""));
    }

    private Reply reply(ReplyAssembler assembler, Generation generation, int prefilled, DraftCount count) {
        return new Reply(
                assembler.text(),
                ids(assembler),
                end(generation.reason()),
                generation.ids().length,
                prefilled,
                generation.prefillSeconds(),
                generation.decodeSeconds(),
                count);
    }

    /** What the model reads of its reply at the next turn: not what it thought. */
    private TokenIds ids(ReplyAssembler assembler) {
        if (Thoughts.areIn(assembler.text())) {
            return TokenIds.of(tokenizer.encodeContinuation(Thoughts.without(assembler.text())));
        }
        return assembler.text().isEmpty() ? TokenIds.NONE : assembler.ids();
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
        memory.close();
        several.close();
        ahead.close();
        session.close();
        if (drafts != null) {
            drafts.close();
        }
    }
}
