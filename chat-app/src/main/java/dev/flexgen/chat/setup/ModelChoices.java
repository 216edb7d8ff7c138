package dev.flexgen.chat.setup;

import dev.flexgen.chat.machine.Expectation;
import dev.flexgen.chat.machine.MachineReport;
import dev.flexgen.chat.wizard.Choice;
import dev.flexgen.chat.wizard.Choice.Place;
import dev.flexgen.config.Catalogue;
import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.engine.model.Families;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/** The models of the catalogue that this version runs, those that fit the machine first. */
final class ModelChoices {

    private ModelChoices() {}

    /** @param here tells whether a model's files are on this machine */
    static List<Choice> of(Catalogue catalogue, MachineReport machine, Predicate<CatalogueEntry> here) {
        List<String> families = Families.names();
        return catalogue.entries().stream()
                .filter(entry -> families.contains(entry.family()))
                .map(entry -> new Choice(entry, Expectation.of(entry, machine.outlook()), place(entry, here)))
                .sorted(Comparator.comparing(choice -> !choice.expectation().fits())) // stable
                .toList();
    }

    private static Place place(CatalogueEntry entry, Predicate<CatalogueEntry> here) {
        if (here.test(entry)) {
            return Place.HERE;
        }
        return entry.downloadable() ? Place.ON_THE_HUB : Place.ON_REQUEST;
    }
}
