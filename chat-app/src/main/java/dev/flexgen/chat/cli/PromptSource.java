package dev.flexgen.chat.cli;

import java.util.Optional;

/** Prompts one after the other, read as they are needed. */
interface PromptSource extends AutoCloseable {

    /** The next prompt; empty at the end. */
    Optional<Numbered> next();

    @Override
    void close();

    /**
     * A prompt.
     *
     * @param index counts from 0
     * @param position where it stands, for messages: {@code line 3 of prompts.jsonl}; empty if it is the only one
     */
    record Numbered(int index, Prompt prompt, String position) {}

    /** The only prompt. */
    static PromptSource of(Prompt prompt) {
        return new PromptSource() {
            private Optional<Numbered> left = Optional.of(new Numbered(0, prompt, ""));

            @Override
            public Optional<Numbered> next() {
                Optional<Numbered> only = left;
                left = Optional.empty();
                return only;
            }

            @Override
            public void close() {
                // nothing is open
            }
        };
    }

    /** All of a file. */
    static PromptSource of(PromptFile file) {
        return new PromptSource() {
            private int index;

            @Override
            public Optional<Numbered> next() {
                return file.next().map(prompt -> new Numbered(index++, prompt, file.position()));
            }

            @Override
            public void close() {
                file.close();
            }
        };
    }
}
