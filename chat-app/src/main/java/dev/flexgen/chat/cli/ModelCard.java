package dev.flexgen.chat.cli;

import dev.flexgen.chat.Wiring;
import dev.flexgen.chat.machine.SpeedWords;
import dev.flexgen.chat.packed.Packing;
import dev.flexgen.chat.wizard.Licences;
import dev.flexgen.config.Bytes;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.Geometry;
import dev.flexgen.config.PlainText;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.FitResult;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.store.PackedForm;
import dev.flexgen.hub.HubRef;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The text of {@code models show}: what is known of one model, from the catalogue or from its own files. */
final class ModelCard {

    private final Wiring wiring;
    private final Settings settings;
    private final StringBuilder card = new StringBuilder();

    ModelCard(Wiring wiring, Settings settings) {
        this.wiring = wiring;
        this.settings = settings;
    }

    String of(String model) {
        Optional<CatalogueEntry> entry = wiring.catalogue().find(model);
        if (entry.isPresent()) {
            describe(entry.get());
        } else {
            Path folder = new Packing(wiring, settings).resolve(model).folder();
            describe(Families.read(folder), folder);
            files(folder);
        }
        for (PackedForm form : new Packing(wiring, settings).forms(model)) {
            line(
                    "packed",
                    form.weights() + ", " + Bytes.format(form.bytes()) + ", " + form.folder()
                            + PackedListing.unfinished(form));
        }
        return card.toString();
    }

    private void describe(CatalogueEntry entry) {
        Geometry geometry = entry.geometry();
        line("name", entry.name());
        line("hub id", entry.hubId());
        line("series", entry.series());
        line("family", entry.family());
        dimensions(geometry.layers(), geometry.width(), geometry.heads(), geometry.ffnWidth());
        line("vocabulary", geometry.vocabSize() + " tokens");
        line("context", geometry.positions() + " tokens");
        line("parameters", ModelListing.parameters(entry.parameters()));
        line("download", entry.downloadable() ? Bytes.format(entry.downloadBytes()) : entry.notDownloadable());
        line("licence", Licences.line(entry));
        line("prompt style", entry.promptStyle().name().toLowerCase(Locale.ROOT));
        line("runs", runs(entry));
        Optional<Path> folder = wiring.hubCache(settings).find(entry.hubId(), HubRef.MAIN);
        line("here", folder.map(Path::toString).orElse("no"));
        folder.ifPresent(this::files);
    }

    private void describe(ModelSpec spec, Path folder) {
        line("family", spec.family());
        dimensions(spec.layers(), spec.width(), spec.heads(), spec.ffnWidth());
        line("vocabulary", spec.vocabulary() + " tokens");
        line("context", spec.positions() + " tokens");
        line("parameters", ModelListing.parameters(spec.parameters()));
        line("runs", "yes");
        line("here", folder.toString());
    }

    private void dimensions(int layers, int width, int heads, int neurons) {
        line("layers", Integer.toString(layers));
        line("width", Integer.toString(width));
        line("heads", Integer.toString(heads));
        line("neurons", neurons + " per layer");
    }

    private String runs(CatalogueEntry entry) {
        if (!Families.names().contains(entry.family())) {
            return "not yet: this version runs " + families();
        }
        return switch (wiring.outlook(settings).fit(entry)) {
            case FitResult.Fits fits ->
                "yes: takes " + Bytes.format(fits.bytes()) + ", " + places(fits.tiers())
                        + fits.estimate().map(it -> "; " + SpeedWords.of(it)).orElse("");
            case FitResult.Refused(var kind, var sentence) ->
                (kind == EngineException.Kind.PLACEMENT ? "too large: " : "no: ") + sentence;
        };
    }

    private static String places(Set<Tier> tiers) {
        List<String> places = new ArrayList<>();
        if (tiers.contains(Tier.GPU)) {
            places.add("GPU memory");
        }
        if (tiers.contains(Tier.HOST)) {
            places.add("host memory");
        }
        if (tiers.contains(Tier.DISK)) {
            places.add("disk");
        }
        return "in " + String.join(" and ", places);
    }

    /** Its files with their sizes, and which of them is the licence. */
    private void files(Path folder) {
        List<ModelFiles.Item> items = ModelFiles.in(folder);
        ModelFiles.licence(items)
                .ifPresent(
                        item -> line("licence text", folder.resolve(item.name()).toString()));
        String label = "files";
        for (ModelFiles.Item item : items) {
            line(label, String.format(Locale.ROOT, "%10s  %s", Bytes.format(item.bytes()), item.name()));
            label = "";
        }
    }

    private static String families() {
        return String.join(", ", Families.names());
    }

    private void line(String name, String value) {
        card.append(String.format(Locale.ROOT, "%-13s %s%n", name, PlainText.line(value)));
    }
}
