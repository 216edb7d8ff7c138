package dev.flexgen.chat.cli;

import dev.flexgen.chat.ModelInUse;
import dev.flexgen.engine.Generation;
import dev.flexgen.engine.GenerationRequest;
import dev.flexgen.engine.ProgressListener;
import dev.flexgen.engine.Session;
import dev.flexgen.engine.TokenListener;
import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.tokenizer.StopStrings;
import dev.flexgen.tokenizer.StreamDecoder;
import dev.flexgen.tokenizer.Tokenizer;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Completes one prompt after the other in one conversation, so that prompts with the same beginning share its cost. Owned
 * by one thread.
 */
final class Completer implements AutoCloseable {

    private final ModelInUse model;
    private final Session session;
    private final GenerationRequest request;
    private final List<String> stopStrings;

    Completer(ModelInUse model, GenerationRequest request, List<String> stopStrings) {
        this.model = model;
        this.session = model.model().session();
        this.request = request;
        this.stopStrings = List.copyOf(stopStrings);
    }

    /** @param listener gets the text as it comes; nothing without a tokenizer */
    Completion complete(Prompt prompt, Consumer<String> listener, CancelToken cancel) {
        int[] ids = prompt.ids(model);
        Optional<Tokenizer> tokenizer =
                stopStrings.isEmpty() ? model.tokenizer() : Optional.of(model.requireTokenizer());
        session.prefill(ids, cancel, ProgressListener.NONE);
        if (tokenizer.isEmpty()) {
            Generation generation = session.generate(request, cancel, _ -> TokenListener.Verdict.CONTINUE);
            return new Completion(ids.length, generation, null);
        }
        var text = new ReplyText(tokenizer.get(), listener);
        Generation generation = session.generate(request, cancel, text);
        text.finish();
        return new Completion(ids.length, generation, text.all.toString());
    }

    @Override
    public void close() {
        session.close();
    }

    /** The ids of one reply on their way to text. */
    private final class ReplyText implements TokenListener {

        private final StreamDecoder decoder;
        private final StopStrings stops = new StopStrings(stopStrings);
        private final Consumer<String> listener;
        private final StringBuilder all = new StringBuilder();

        ReplyText(Tokenizer tokenizer, Consumer<String> listener) {
            this.decoder = new StreamDecoder(tokenizer);
            this.listener = listener;
        }

        @Override
        public Verdict onToken(int id) {
            show(stops.push(decoder.next(id)));
            return stops.stopped() ? Verdict.STOP : Verdict.CONTINUE;
        }

        void finish() {
            if (!stops.stopped()) {
                show(stops.push(decoder.flush()));
                show(stops.flush());
            }
        }

        private void show(String text) {
            if (!text.isEmpty()) {
                all.append(text);
                listener.accept(text);
            }
        }
    }
}
