package dev.flexgen.chat.cli;

import dev.flexgen.engine.Model;
import dev.flexgen.engine.plan.CostModel;
import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.Step;
import dev.flexgen.engine.plan.StepCost;
import dev.flexgen.engine.plan.ThroughputEstimate;

/**
 * What the cost model says of a measurement.
 *
 * @param decode in the middle of the reply
 * @param step the price of that token
 * @param prefillSeconds of the prompt
 * @param limitDecodeTokensPerSecond what no plan of the same bytes can exceed, by the best rates known
 * @param machine by whose rates
 */
record BenchPrediction(
        ThroughputEstimate decode,
        StepCost step,
        double prefillSeconds,
        double limitDecodeTokensPerSecond,
        MachineProfile machine) {

    static BenchPrediction of(Model model, BenchRun.Workload workload, MachineProfile machine, double hostRead) {
        CostModel prices = model.prices(machine);
        int context = workload.promptTokens() + workload.newTokens() / 2;
        CostModel best = model.prices(machine.withHostRead(machine.host().readers(), hostRead));
        return new BenchPrediction(
                prices.decode(model.plan(), model.footprint(), context),
                prices.step(model.plan(), model.footprint(), Step.decode(context)),
                prices.prefill(model.plan(), model.footprint(), workload.promptTokens(), 1)
                        .seconds(),
                best.limitTokensPerSecond(model.plan(), model.footprint(), context),
                machine);
    }
}
