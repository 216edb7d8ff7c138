package dev.flexgen.chat;

import dev.flexgen.chat.draft.Drafts;
import dev.flexgen.engine.Machine;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.Speculation;
import dev.flexgen.hub.ResolvedModel;
import dev.flexgen.tokenizer.Tokenizer;
import dev.flexgen.tokenizer.Tokenizers;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A model that is open on a machine of its own and, from the first moment text is needed, its tokenizer. Owned by one thread. */
public final class ModelInUse implements AutoCloseable {

    private final ResolvedModel resolved;
    private final Machine machine;
    private final Model model;
    private final Drafts drafts;
    private final Supplier<Tokenizer> tokenizers;
    private @Nullable Tokenizer tokenizer;

    /** @param tokenizers opens that of the model's folder */
    ModelInUse(ResolvedModel resolved, Machine machine, Model model, Drafts drafts, Supplier<Tokenizer> tokenizers) {
        this.resolved = resolved;
        this.machine = machine;
        this.model = model;
        this.drafts = drafts;
        this.tokenizers = tokenizers;
    }

    /** Where it was found and what the catalogue knows of it. */
    public ResolvedModel resolved() {
        return resolved;
    }

    public Model model() {
        return model;
    }

    /** What drafts for one session, as the settings say. The caller closes it before this. */
    public Optional<Speculation> speculation() {
        return drafts.speculation(model, model.context());
    }

    /** Empty if the folder has none: then only ids go in and come out. */
    public Optional<Tokenizer> tokenizer() {
        if (tokenizer == null && Tokenizers.present(resolved.folder())) {
            tokenizer = tokenizers.get();
        }
        return Optional.ofNullable(tokenizer);
    }

    /** The tokenizer, for a request that makes no sense without one. */
    public Tokenizer requireTokenizer() {
        return tokenizer()
                .orElseThrow(() -> CommandException.model(
                        resolved.folder() + " has no tokenizer (tokenizer.json, or vocab.json and"
                                + " merges.txt), so text cannot be turned into tokens; add one, or give token ids with"
                                + " 'generate --ids' or 'score --ids'"));
    }

    @Override
    public void close() {
        try (machine) { // closed also if the tokenizer fails to
            drafts.keepCounts();
            if (tokenizer != null) {
                tokenizer.close();
            }
        }
    }
}
