package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.Wiring;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.FitResult;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.model.Families;
import java.util.Optional;

/**
 * What stands against a model of the catalogue here, known before anything of it is downloaded.
 *
 * @param exitCode of a refusal for it
 * @param sentence without a full stop
 */
record Obstacle(ExitCode exitCode, String sentence) {

    /** Empty if the model would run as things are. */
    static Optional<Obstacle> of(Wiring wiring, Settings settings, CatalogueEntry entry) {
        if (!Families.names().contains(entry.family())) {
            return Optional.of(new Obstacle(ExitCode.MODEL, wiring.familyThatDoesNotRun(entry)));
        }
        return switch (wiring.outlook(settings).fit(entry)) {
            case FitResult.Fits _ -> Optional.empty();
            case FitResult.Refused(var kind, var reason) ->
                Optional.of(new Obstacle(
                        kind == EngineException.Kind.PLACEMENT ? ExitCode.FIT : ExitCode.DEVICE,
                        entry.name() + " is too large for this machine as it is set up now. " + reason));
        };
    }

    /** Whether another setting, another moment or another machine could do away with it. */
    boolean mayPass() {
        return exitCode == ExitCode.FIT;
    }

    /**
     * Refuses what never runs, and asks about the rest where somebody is there to be asked.
     *
     * @param question what to go on with all the same
     * @throws CommandException unless the user wants to go on
     */
    void requireConsent(Streams streams, boolean terminal, String question) {
        if (mayPass() && terminal) {
            streams.err().println(PlainText.of(sentence) + ".");
            if (Question.yes(streams, question)) {
                return;
            }
            throw CommandException.of(exitCode, "nothing was changed");
        }
        throw CommandException.of(exitCode, sentence + (mayPass() ? "; --anyway goes on all the same" : ""));
    }
}
