package dev.flexgen.chat.cli;

import dev.flexgen.chat.Failures;
import dev.flexgen.chat.ModelInUse;
import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.bundled.BundledModel;
import dev.flexgen.chat.dialogue.EngineChatModel;
import dev.flexgen.chat.live.LoadWatch;
import dev.flexgen.chat.repl.command.CommandContext;
import dev.flexgen.chat.repl.command.ModelShelf;
import dev.flexgen.chat.repl.command.Partner;
import dev.flexgen.chat.repl.command.Suggestion;
import dev.flexgen.config.Bytes;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.hub.LocalModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/** The model of a chat at a terminal, and the change to another. Closing closes the one that is open. Owned by the chat's thread. */
final class OpenModels implements ModelShelf, AutoCloseable {

    private final Wiring wiring;
    private final BiFunction<ModelInUse, EngineChatModel, Partner> partners;
    private final LoadWatch watch;
    private Settings settings;
    private ModelInUse model;
    private EngineChatModel chatModel;

    /** @param watch sees how models are loaded */
    OpenModels(
            Wiring wiring,
            Settings settings,
            BiFunction<ModelInUse, EngineChatModel, Partner> partners,
            LoadWatch watch) {
        this.watch = watch;
        this.wiring = wiring;
        this.settings = settings;
        this.partners = partners;
        model = wiring.open(settings, watch);
        try {
            chatModel = new EngineChatModel(model.model(), model.requireTokenizer(), model.speculation());
        } catch (Throwable e) {
            model.close();
            throw e;
        }
    }

    ModelInUse model() {
        return model;
    }

    EngineChatModel chatModel() {
        return chatModel;
    }

    Partner partner() {
        return partners.apply(model, chatModel);
    }

    @Override
    public List<Suggestion> here() {
        List<Suggestion> here = new ArrayList<>();
        for (BundledModel bundled : BundledModel.values()) {
            here.add(Suggestion.of(bundled.modelName(), "comes with the program"));
        }
        var catalogue = wiring.catalogue();
        for (LocalModel local : wiring.hubCache(settings).list()) {
            String name =
                    catalogue.find(local.hubId()).map(CatalogueEntry::name).orElse(local.hubId());
            here.add(Suggestion.of(name, Bytes.format(local.bytes())));
        }
        return here;
    }

    @Override
    public List<Suggestion> elsewhere() {
        return wiring.catalogue().entries().stream()
                .filter(CatalogueEntry::downloadable)
                .map(entry -> Suggestion.of(entry.name(), Bytes.format(entry.downloadBytes())))
                .toList();
    }

    @Override
    public String pull(String reference, CommandContext chat) {
        return new PullInChat(wiring, settings, chat).run(reference);
    }

    @Override
    public Change open(String reference, Settings now) {
        Settings wanted = now.with(SettingTable.MODEL, reference);
        try {
            var _ = wiring.model(wanted); // before the old one is closed for nothing
        } catch (RuntimeException e) {
            return new Change(Optional.empty(), Optional.of(Failures.sentence(e)));
        }
        close();
        try {
            become(wanted);
            return new Change(Optional.of(partner()), Optional.empty());
        } catch (RuntimeException e) {
            become(settings);
            return new Change(Optional.of(partner()), Optional.of(Failures.sentence(e)));
        }
    }

    private void become(Settings wanted) {
        ModelInUse opened = wiring.open(wanted, watch);
        try {
            chatModel = new EngineChatModel(opened.model(), opened.requireTokenizer(), opened.speculation());
        } catch (Throwable e) {
            opened.close();
            throw e;
        }
        model = opened;
        settings = wanted;
    }

    @Override
    public void close() {
        try (var _ = model) {
            chatModel.close();
        }
    }
}
