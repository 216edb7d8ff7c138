package dev.flexgen.chat.bundled;

import java.util.Arrays;
import java.util.Optional;

/** A model among the program's own resources: an ordinary Hugging Face folder and the checksums of its files. */
public enum BundledModel {
    /** Talks about this program, remembers, counts and spells, in English and Spanish; see chat-app/demo-model. */
    DEMO("demo", 5_525_248),
    /** A tenth of its size with the same tokenizer: for guessing ahead of it. */
    DEMO_DRAFT("demo-draft", 495_104);

    private final String modelName;
    private final long parameters;

    BundledModel(String modelName, long parameters) {
        this.modelName = modelName;
        this.parameters = parameters;
    }

    public long parameters() {
        return parameters;
    }

    /** What a user types: {@code -m demo}. */
    public String modelName() {
        return modelName;
    }

    public static Optional<BundledModel> named(String name) {
        return Arrays.stream(values())
                .filter(model -> model.modelName.equals(name))
                .findFirst();
    }
}
