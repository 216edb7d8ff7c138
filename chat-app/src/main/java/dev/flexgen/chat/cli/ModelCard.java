package dev.flexgen.chat.cli;

import dev.flexgen.chat.Wiring;
import dev.flexgen.config.Bytes;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.Geometry;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** The text of {@code models show}: what is known of one model, from the catalogue or from its own files. */
final class ModelCard {

    private final Wiring wiring;
    private final StringBuilder card = new StringBuilder();

    ModelCard(Wiring wiring) {
        this.wiring = wiring;
    }

    String of(String model) {
        Optional<CatalogueEntry> entry = wiring.catalogue().find(model);
        if (entry.isPresent()) {
            describe(entry.get());
        } else {
            Path folder = wiring.model(model).folder();
            describe(Families.read(folder), folder);
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
        line("licence", entry.licence());
        line("prompt style", entry.promptStyle().name().toLowerCase(Locale.ROOT));
        line("runs", Families.names().contains(entry.family()) ? "yes" : "not yet: this version runs " + families());
        line(
                "here",
                wiring.hubCache()
                        .find(entry.hubId(), "main")
                        .map(Path::toString)
                        .orElse("no"));
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

    private static String families() {
        return String.join(", ", Families.names());
    }

    private void line(String name, String value) {
        card.append(String.format(Locale.ROOT, "%-13s %s%n", name, value));
    }
}
