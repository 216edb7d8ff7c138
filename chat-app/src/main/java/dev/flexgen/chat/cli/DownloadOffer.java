package dev.flexgen.chat.cli;

import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Failures;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.wizard.Licences;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.hub.HubException;
import java.util.Optional;

/** Offers to download the model that a chat is to begin with, where somebody is there to be asked. */
final class DownloadOffer {

    private final Wiring wiring;
    private final Settings settings;

    DownloadOffer(Wiring wiring, Settings settings) {
        this.wiring = wiring;
        this.settings = settings;
    }

    /** What came of it. */
    enum Result {
        /** The chat can begin, or opening the model says why not. */
        GO_ON,
        /** The user would rather talk with the demo model this time. */
        DEMO,
        /** Ctrl-C in the middle of the download. */
        STOPPED
    }

    Result make() {
        if (settings.get(SettingTable.RANDOM_WEIGHTS)) {
            return Result.GO_ON; // for which nothing is downloaded
        }
        Optional<AbsentModel> absent = AbsentModel.of(wiring, settings, settings.get(SettingTable.MODEL));
        if (absent.isEmpty()) {
            return Result.GO_ON;
        }
        Optional<Obstacle> obstacle = absent.get().entry().flatMap(entry -> Obstacle.of(wiring, settings, entry));
        if (obstacle.isPresent() && !obstacle.get().mayPass()) {
            return Result.GO_ON;
        }
        Streams streams = wiring.streams();
        streams.err().println(PlainText.line(absent.get().describe()) + " is not on this machine.");
        obstacle.ifPresent(it -> streams.err().println(PlainText.of(it.sentence()) + "."));
        while (true) {
            switch (ask(absent.get())) {
                case NO -> {
                    return Result.GO_ON;
                }
                case DEMO -> {
                    return Result.DEMO;
                }
                case YES -> {
                    try {
                        ExitCode pulled =
                                new PullRun(wiring, settings).run(absent.get().ref(), PullRun.Output.FOR_PEOPLE);
                        return pulled == ExitCode.OK ? Result.GO_ON : Result.STOPPED;
                    } catch (HubException failed) {
                        streams.note(Failures.sentence(failed));
                    }
                }
            }
        }
    }

    private Question.Answer ask(AbsentModel model) {
        model.entry()
                .filter(entry -> entry.terms().askFirst())
                .ifPresent(entry -> wiring.streams().err().println("Its licence: " + Licences.line(entry)));
        return Question.yesDemoOrNo(
                wiring.streams(), "Download it now" + (model.entry().isPresent() ? " and agree to its licence?" : "?"));
    }
}
