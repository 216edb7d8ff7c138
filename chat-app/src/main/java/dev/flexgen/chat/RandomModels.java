package dev.flexgen.chat;

import dev.flexgen.config.CatalogueEntry;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import dev.flexgen.engine.Machine;
import dev.flexgen.engine.Model;
import dev.flexgen.engine.ModelOptions;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.model.PublishedModels;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.tensor.DType;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Models of the right shape and random weights: to see how fast one that is not here would be. What they say makes no sense. */
public final class RandomModels {

    /** Of the neurons of trained OPT models about this share is active. */
    public static final double TRAINED_ACTIVE = 0.06;

    private final Wiring wiring;
    private final Settings settings;

    public RandomModels(Wiring wiring, Settings settings) {
        this.wiring = wiring;
        this.settings = settings;
    }

    /** The model of the settings. */
    Model open(Machine machine, ModelOptions options) {
        String name = settings.get(SettingTable.MODEL);
        if (name.isEmpty()) {
            throw CommandException.usage("--random-weights needs a shape; name one with -m, such as opt-1.3b");
        }
        return open(machine, name, TRAINED_ACTIVE, null, options);
    }

    /**
     * A model of the catalogue, which need not be here, or of a folder, of whose weights nothing is read.
     *
     * @param activeNeurons see {@link RandomWeights}
     * @param plan or null to make one
     */
    public Model open(Machine machine, String name, double activeNeurons, @Nullable Plan plan, ModelOptions options) {
        RandomWeights weights = new RandomWeights(DType.F16, 1, activeNeurons);
        return machine.random(spec(name), weights, plan, options);
    }

    /** The shape that a name stands for: of the catalogue, or of a model that is here. */
    public ModelSpec spec(String name) {
        Optional<CatalogueEntry> entry = wiring.catalogue().find(name);
        if (entry.isEmpty()) {
            return Families.read((name.isEmpty() ? wiring.model(settings) : wiring.model(settings, name)).folder());
        }
        if (!Families.names().contains(entry.get().family())) {
            throw CommandException.model(wiring.familyThatDoesNotRun(entry.get()));
        }
        return PublishedModels.spec(entry.get());
    }
}
