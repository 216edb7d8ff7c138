package dev.flexgen.chat.cli;

import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** Prompts one after the other, read as they are needed. */
@FunctionalInterface
interface PromptSource {

    /** The next prompt; empty at the end. */
    Optional<Numbered> next();

    /**
     * A prompt.
     *
     * @param index counts from 0
     * @param position where it stands, for messages: {@code line 3 of prompts.jsonl}; empty if it is the only one
     */
    record Numbered(int index, Prompt prompt, String position) {}

    /** The only prompt. */
    static PromptSource of(Prompt prompt) {
        return of(List.of(new Numbered(0, prompt, "")));
    }

    /** Prompts that have been read. */
    static PromptSource of(List<Numbered> prompts) {
        Iterator<Numbered> left = prompts.iterator();
        return () -> left.hasNext() ? Optional.of(left.next()) : Optional.empty();
    }

    /** All of a file; the caller closes its stream. */
    static PromptSource of(PromptFile file) {
        return new PromptSource() {
            private int index;

            @Override
            public Optional<Numbered> next() {
                return file.next().map(prompt -> new Numbered(index++, prompt, file.position()));
            }
        };
    }
}
