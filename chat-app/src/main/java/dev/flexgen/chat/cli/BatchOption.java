package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import picocli.CommandLine.Option;

/** {@code --batch}: how many prompts of a file are worked on at a time. */
final class BatchOption {

    /** More do not pay: their keys and values take the room of weights. */
    static final int MOST = 512;

    /** As many as give, to the bit, what each would give alone. */
    private static final int MOST_AUTO = 16;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = {
                "Prompts to work on at a time, each with the result that it would get alone; beyond 16 their steps are so large"
                        + " that sums are rounded otherwise; auto means as many as there is memory for, at most 16"
                        + " (default auto for a file, else 1)"
            })
    String batch = "";

    /** Whether as many as there is room for. */
    boolean isAuto(PromptOptions prompts) {
        return batch.equals("auto") || (batch.isEmpty() && prompts.fromFile());
    }

    /**
     * Most at a time.
     *
     * @throws CommandException of wrong usage
     */
    int most(PromptOptions prompts) {
        if (isAuto(prompts)) {
            return MOST_AUTO;
        }
        if (batch.isEmpty()) {
            return 1;
        }
        try {
            int size = Integer.parseInt(batch);
            if (size >= 1 && size <= MOST) {
                return size;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw CommandException.usage(
                "--batch must be auto or a whole number from 1 to " + MOST + ", not '" + batch + "'");
    }
}
