package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.engine.DraftCandidate;
import java.util.OptionalDouble;
import picocli.CommandLine.Option;

/** {@code --acceptance}: how often drafts are taken to be right. */
final class AcceptanceOption {

    @Option(
            names = "--acceptance",
            paramLabel = "SHARE",
            description =
                    "With --draft: take this share of drafted tokens to be right, such as 0.8, whatever was counted")
    double share = Double.NaN;

    /**
     * Checks it.
     *
     * @param drafts whether there is something that drafts
     * @throws CommandException if it is no share, or of nothing
     */
    void check(boolean drafts) {
        if (share < 0 || share > 1) {
            throw CommandException.usage("--acceptance is " + share + "; it must be 0 to 1, such as 0.8");
        }
        if (value().isPresent() && !drafts) {
            throw CommandException.usage("--acceptance needs --draft self, --draft lookup or --draft MODEL");
        }
    }

    /** Empty if it was not given. */
    OptionalDouble value() {
        return Double.isNaN(share) ? OptionalDouble.empty() : OptionalDouble.of(share);
    }

    DraftCandidate over(DraftCandidate candidate) {
        return value().isPresent() ? candidate.assuming(share) : candidate;
    }
}
