package dev.flexgen.chat.cli;

import dev.flexgen.chat.ExitCode;
import dev.flexgen.chat.Streams;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.wizard.Licences;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import java.util.Optional;

/** Offers to download the model that a chat is to begin with, where somebody is there to be asked. */
final class DownloadOffer {

    private final Wiring wiring;
    private final Settings settings;

    DownloadOffer(Wiring wiring, Settings settings) {
        this.wiring = wiring;
        this.settings = settings;
    }

    /** OK if there is nothing to offer or it was declined: opening the model then says what there is to say. */
    ExitCode make() {
        Optional<AbsentModel> absent = AbsentModel.of(wiring, settings, settings.get(SettingTable.MODEL));
        if (absent.isEmpty() || !agreed(absent.get())) {
            return ExitCode.OK;
        }
        return new PullRun(wiring, settings).run(absent.get().ref(), PullRun.Output.FOR_PEOPLE);
    }

    private boolean agreed(AbsentModel model) {
        Streams streams = wiring.streams();
        streams.err().println(PlainText.line(model.describe()) + " is not on this machine.");
        model.entry()
                .filter(entry -> entry.terms().askFirst())
                .ifPresent(entry -> streams.err().println("Its licence: " + Licences.line(entry)));
        return Question.yes(
                streams, "Download it now" + (model.entry().isPresent() ? " and agree to its licence?" : "?"));
    }
}
