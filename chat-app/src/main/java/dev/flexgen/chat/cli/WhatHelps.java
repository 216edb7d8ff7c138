package dev.flexgen.chat.cli;

import dev.flexgen.chat.machine.SpeedWords;
import dev.flexgen.config.Bytes;
import dev.flexgen.engine.FitResult;
import dev.flexgen.engine.ModelFitter;
import dev.flexgen.engine.ModelOptions;
import dev.flexgen.engine.WeightType;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.ModelSpec;
import dev.flexgen.engine.plan.Budget;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** What would make a model faster on a machine, or fit it at all: the planner is asked about other machines. */
record WhatHelps(ModelFitter fitter, ModelSpec spec) {

    private static final long GIB = 1L << 30;
    private static final long STEP = 4 * GIB;

    /** Beyond what is sold for one machine. */
    private static final long MOST = 4096 * GIB;

    private static final int SHORT = 512;

    /** A GPU needs a little more memory than the weights that move there take. */
    private static final int SLACK = 16;

    /** A gain below this is none. */
    private static final double NOTICED = 1.05;

    /** Sentences, the greatest gain first. */
    List<String> faster(FitResult.Fits now) {
        OptionalDouble rate = rate(now);
        if (rate.isEmpty()) {
            return List.of();
        }
        record Gain(String what, double rate) {}
        List<Gain> gains = new ArrayList<>();
        Budget has = fitter.state().budget();
        ModelFitter alike =
                fitter.with(fitter.options().withWeights(now.weights()).withContext(now.context()));
        if (fitter.state().hasGpu()) {
            rate(alike.with(has.moreOfEachGpu(STEP)))
                    .ifPresent(it -> gains.add(new Gain("4 GiB more of GPU memory", it)));
        }
        if (!holdsAll(has.hostBytes(), now)) {
            rate(alike.with(has.moreHost(STEP))).ifPresent(it -> gains.add(new Gain("4 GiB more of host memory", it)));
        }
        if (now.weights() == WeightType.NATIVE || now.weights() == WeightType.F16 || now.weights() == WeightType.Q8) {
            rate(alike.with(alike.options().withWeights(WeightType.Q4)))
                    .ifPresent(it -> gains.add(new Gain("weights in 4 bits (--weights q4)", it)));
        }
        return gains.stream()
                .filter(gain -> gain.rate() > NOTICED * rate.getAsDouble())
                .sorted((a, b) -> Double.compare(b.rate(), a.rate()))
                .map(gain -> gain.what() + ": " + SpeedWords.rate(gain.rate()))
                .toList();
    }

    /** More than all cannot help. */
    private static boolean holdsAll(long hostBytes, FitResult.Fits now) {
        return now.footprint().hostPeak()
                        + now.footprint().bytes(Tier.GPU)
                        + now.footprint().bytes(Tier.DISK)
                <= hostBytes;
    }

    /** The smallest changes that would make it fit, as the rest of a sentence; empty if none does. */
    String toFit() {
        List<String> ways = new ArrayList<>();
        Budget has = fitter.state().budget();
        if (fitter.options().weights() != WeightType.Q4
                && fits(fitter.with(fitter.options().withWeights(WeightType.Q4)))) {
            ways.add("--weights q4");
        }
        ModelFitter least = least();
        if (least.with(has.moreHost(MOST)).fit(spec, 0) instanceof FitResult.Fits fits) {
            // With so much host memory the plan fills the GPU first, so what it takes beyond the present amount is what
            // lacks.
            long lacks = Math.max(1, fits.footprint().hostPeak() - has.hostBytes());
            ways.add(size(lacks) + " more of host memory");
            long onGpu = lacks + lacks / SLACK;
            if (fitter.state().hasGpu() && fits(least.with(has.moreOfEachGpu(onGpu)))) {
                ways.add(size(onGpu) + " more of GPU memory");
            }
        }
        if (!has.disk() && fits(least.with(has.withDisk()))) {
            ways.add("a disk (--disk-dir DIR)");
        }
        return ways.isEmpty() ? "" : "; it would fit with " + String.join(", or ", ways);
    }

    /** With what takes least: a short context unless another was asked for, and 4 bits where the choice is the engine's. */
    private ModelFitter least() {
        ModelOptions options = fitter.options();
        ModelOptions small = options.weights() == WeightType.AUTO ? options.withWeights(WeightType.Q4) : options;
        return fitter.with(options.context() > 0 ? small : small.withContext(Math.min(SHORT, spec.positions())));
    }

    private static String size(long bytes) {
        double gib = bytes / (double) GIB;
        return gib < 1
                ? Bytes.format(bytes)
                : String.format(Locale.ROOT, gib < 10 ? "%.1f GiB" : "%.0f GiB", Math.ceil(gib * 10) / 10);
    }

    private boolean fits(ModelFitter other) {
        return other.fit(spec, 0) instanceof FitResult.Fits;
    }

    private OptionalDouble rate(ModelFitter other) {
        return rate(other.fit(spec, 0));
    }

    private static OptionalDouble rate(FitResult result) {
        return result instanceof FitResult.Fits fits
                ? fits.estimate()
                        .map(it -> OptionalDouble.of(it.decodeTokensPerSecond()))
                        .orElse(OptionalDouble.empty())
                : OptionalDouble.empty();
    }
}
