package dev.flexgen.chat;

import dev.flexgen.engine.Engine;
import dev.flexgen.hub.ResolvedModel;
import dev.flexgen.tokenizer.Tokenizer;
import dev.flexgen.tokenizer.Tokenizers;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A model that is open: its engine and, from the first moment text is needed, its tokenizer. Owned by one thread. */
public final class ModelInUse implements AutoCloseable {

    private final ResolvedModel model;
    private final Engine engine;
    private final Path nativeCache;
    private @Nullable Tokenizer tokenizer;

    /** @param nativeCache where the tokenizer keeps its native library */
    ModelInUse(ResolvedModel model, Engine engine, Path nativeCache) {
        this.model = model;
        this.engine = engine;
        this.nativeCache = nativeCache;
    }

    /** Where it was found and what the catalogue knows of it. */
    public ResolvedModel model() {
        return model;
    }

    public Engine engine() {
        return engine;
    }

    /** Empty if the folder has none: then only ids go in and come out. */
    public Optional<Tokenizer> tokenizer() {
        if (tokenizer == null && Tokenizers.present(model.folder())) {
            tokenizer = Tokenizers.open(model.folder(), nativeCache);
        }
        return Optional.ofNullable(tokenizer);
    }

    /** The tokenizer, for a request that makes no sense without one. */
    public Tokenizer requireTokenizer() {
        return tokenizer()
                .orElseThrow(() ->
                        CommandException.model(model.folder() + " has no tokenizer (tokenizer.json, or vocab.json and"
                                + " merges.txt), so text cannot be turned into tokens; add one, or give token ids with"
                                + " 'generate --ids' or 'score --ids'"));
    }

    @Override
    public void close() {
        try (engine) { // closed also if the tokenizer fails to
            if (tokenizer != null) {
                tokenizer.close();
            }
        }
    }
}
