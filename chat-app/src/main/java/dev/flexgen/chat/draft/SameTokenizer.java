package dev.flexgen.chat.draft;

import dev.flexgen.chat.CommandException;
import dev.flexgen.engine.model.ModelSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Whether two models' folders hold the same tokenizer: only then do the ids of one mean anything to the other. */
public final class SameTokenizer {

    private static final List<String> FILES = List.of("tokenizer.json", "vocab.json", "merges.txt");

    private SameTokenizer() {}

    /**
     * Refuses another vocabulary, which can be told before anything is opened.
     *
     * @param name of the draft model
     * @throws CommandException with both sizes
     */
    public static void require(String name, ModelSpec draft, ModelSpec target) {
        if (draft.vocabulary() != target.vocabulary()) {
            throw CommandException.model("the draft model " + name + " has a vocabulary of " + draft.vocabulary()
                    + " tokens and the model one of " + target.vocabulary()
                    + "; a draft model needs the model's own tokenizer");
        }
    }

    /**
     * Refuses another one.
     *
     * @throws CommandException that names the file that differs
     */
    public static void require(Path draft, Path target) {
        try {
            for (String file : FILES) {
                Path ours = draft.resolve(file);
                Path theirs = target.resolve(file);
                if (Files.exists(ours) && Files.exists(theirs) && Files.mismatch(ours, theirs) >= 0) {
                    throw CommandException.model("the draft model in " + draft + " has another " + file
                            + " than the model in " + target + "; a draft model needs the model's own tokenizer");
                }
            }
        } catch (IOException e) {
            throw CommandException.model("the tokenizers of the draft model in " + draft + " and of the model in "
                    + target + " cannot be read and compared; check their permissions");
        }
    }
}
