package dev.flexgen.chat.cli;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.pull.PullState;
import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.wizard.Licences;
import dev.flexgen.config.Bytes;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.hub.HubRef;
import java.util.Locale;
import java.util.Optional;

/** One download in the middle of a chat: asks what has to be asked, and shows it. For the chat's thread. */
final class PullInChat {

    private final Wiring wiring;
    private final Settings settings;
    private final CommandContext chat;

    PullInChat(Wiring wiring, Settings settings, CommandContext chat) {
        this.wiring = wiring;
        this.settings = settings;
        this.chat = chat;
    }

    /** As {@link dev.flexgen.chat.repl.command.ModelShelf#pull}. */
    String run(String reference) {
        HubRef ref = StoredModel.ref(wiring.catalogue(), reference);
        int at = reference.indexOf('@');
        Optional<CatalogueEntry> entry = wiring.catalogue().find(at < 0 ? reference : reference.substring(0, at));
        entry.flatMap(it -> Obstacle.of(wiring, settings, it)).ifPresent(this::requireConsent);
        entry.filter(it -> it.terms().askFirst()).ifPresent(it -> {
            chat.remark("Its licence: " + Licences.line(it));
            requireYes("Download it and agree to its licence?");
        });
        PullState end = chat.download(wiring.modelPull(settings.get(SettingTable.STORE)), ref);
        return reference + " is here: " + end.files().size() + " files, " + Bytes.format(end.totalBytes()) + "; /model "
                + reference + " goes on with it";
    }

    private void requireConsent(Obstacle obstacle) {
        if (!obstacle.mayPass()) {
            throw CommandException.of(obstacle.exitCode(), obstacle.sentence());
        }
        chat.remark(obstacle.sentence() + ".");
        requireYes("Download it all the same?");
    }

    private void requireYes(String question) {
        String answer = chat.ask(question + " [y/N] ").orElse("").toLowerCase(Locale.ROOT);
        if (!answer.equals("y") && !answer.equals("yes")) {
            throw CommandException.usage("nothing was downloaded");
        }
    }
}
