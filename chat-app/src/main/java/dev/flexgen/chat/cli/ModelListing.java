package dev.flexgen.chat.cli;

import dev.flexgen.chat.bundled.BundledModel;
import dev.flexgen.chat.machine.Expectation;
import dev.flexgen.chat.machine.SpeedWords;
import dev.flexgen.config.Bytes;
import dev.flexgen.config.Catalogue;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.PlainText;
import dev.flexgen.engine.FitResult;
import dev.flexgen.engine.ModelFitter;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.store.PackedForm;
import dev.flexgen.hub.LocalModel;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;

/** The text of {@code models list}: what comes with the program, the catalogue, then what else the local store holds. */
final class ModelListing {

    private ModelListing() {}

    /**
     * Where models are kept.
     *
     * @param freeBytes of the disk that has the local store
     * @param packed what is packed, here or elsewhere
     */
    record Disk(long freeBytes, List<PackedForm> packed) {

        /** What a model may take that has to be fetched. */
        long room(CatalogueEntry entry, boolean present) {
            boolean here = present
                    || packed.stream()
                            .anyMatch(form -> form.complete()
                                    && (form.model().equals(entry.name())
                                            || form.model().equals(entry.hubId())));
            return here ? Long.MAX_VALUE : freeBytes;
        }
    }

    /** @param outlook on models that need not be here */
    static String of(Catalogue catalogue, List<LocalModel> local, Disk disk, ModelFitter outlook) {
        Set<String> here = local.stream().map(LocalModel::hubId).collect(Collectors.toCollection(LinkedHashSet::new));
        var listing = new StringBuilder();
        row(listing, "NAME", "PARAMETERS", "DOWNLOAD", "HERE", "RUNS", "LICENCE");
        for (BundledModel model : BundledModel.values()) {
            row(listing, model.modelName(), parameters(model.parameters()), "-", "yes", "yes", "Apache-2.0");
        }
        for (CatalogueEntry entry : catalogue.entries()) {
            boolean present = here.remove(entry.hubId());
            row(
                    listing,
                    entry.name(),
                    parameters(entry.parameters()),
                    entry.downloadable() ? Bytes.format(entry.downloadBytes()) : "-",
                    present ? "yes" : "no",
                    runs(entry, disk.room(entry, present), outlook),
                    entry.licence());
        }
        for (LocalModel model : local) {
            if (here.remove(model.hubId())) {
                row(listing, model.hubId(), "-", Bytes.format(model.bytes()), "yes", "?", "-");
            }
        }
        return listing.toString();
    }

    private static String runs(CatalogueEntry entry, long room, ModelFitter outlook) {
        if (!Families.names().contains(entry.family())) {
            return "not yet";
        }
        return switch (outlook.fit(entry)) {
            // What 'models pull --pack' leaves on the disk may be less than the download.
            case FitResult.Fits fits when Math.min(entry.downloadBytes(), fits.bytes()) > room -> "disk too small";
            case FitResult.Fits fits -> {
                OptionalDouble rate = Expectation.of(fits).tokensPerSecond();
                String runs = fits.fromDisk() ? "from disk" : "yes";
                yield rate.isPresent() ? runs + ", ~" + SpeedWords.rate(rate.getAsDouble()) : runs;
            }
            case FitResult.Refused refused -> refused.kind() == EngineException.Kind.PLACEMENT ? "too large" : "no";
        };
    }

    /** In thousand millions or millions, to three digits: {@code 1.32B}, {@code 125M}. */
    static String parameters(long count) {
        double millions = count / 1e6;
        return millions >= 1000 ? threeDigits(millions / 1000) + "B" : threeDigits(millions) + "M";
    }

    private static String threeDigits(double value) {
        int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    private static void row(StringBuilder listing, Object... cells) {
        Object[] plain = Arrays.stream(cells)
                .map(cell -> PlainText.line(cell.toString()))
                .toArray();
        listing.append(String.format(Locale.ROOT, "%-20s %10s  %10s  %-4s  %-23s  %s%n", plain));
    }
}
