package dev.flexgen.engine;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.checkpoint.RandomWeights;
import dev.flexgen.engine.device.GpuSource;
import dev.flexgen.engine.exec.Counters;
import dev.flexgen.engine.memory.Ledger;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Plan;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A machine with one model on it, opened and closed together. */
public final class OpenModel implements AutoCloseable {

    private final Machine machine;
    private final Model model;

    private OpenModel(EngineOptions options, GpuSource gpus, Function<Machine, Model> opening) {
        this.machine = Machine.open(options, gpus);
        try {
            this.model = opening.apply(machine);
        } catch (Throwable e) {
            machine.close();
            throw e;
        }
    }

    public static OpenModel open(Path folder, EngineOptions options) {
        return open(folder, options, GpuSource.NONE);
    }

    public static OpenModel open(Path folder, EngineOptions options, GpuSource gpus) {
        return open(folder, null, options, gpus);
    }

    static OpenModel open(Path folder, @Nullable Plan plan, EngineOptions options, GpuSource gpus) {
        return new OpenModel(options, gpus, machine -> machine.open(folder, plan, options.model()));
    }

    static OpenModel random(ModelSpec spec, RandomWeights weights, EngineOptions options, GpuSource gpus) {
        return new OpenModel(options, gpus, machine -> machine.random(spec, weights, options.model()));
    }

    public Model model() {
        return model;
    }

    public Machine machine() {
        return machine;
    }

    public Session session() {
        return model.session();
    }

    public double[] score(int[] ids, CancelToken cancel) {
        return model.score(ids, cancel);
    }

    public ModelSpec spec() {
        return model.spec();
    }

    Plan plan() {
        return model.plan();
    }

    public Counters counters() {
        return model.counters();
    }

    List<String> notes() {
        return model.notes();
    }

    Ledger ledger() {
        return machine.ledger();
    }

    @Override
    public void close() {
        machine.close();
    }
}
