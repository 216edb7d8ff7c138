package dev.flexgen.engine.plan;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes the footprint of each plan once: a search comes back to plans, and whoever asked for the search wants the footprint too. */
public final class RememberingMeter implements Footprint.Meter {

    private final Footprint.Meter meter;
    private final Map<Plan, Footprint> known = new HashMap<>();

    public RememberingMeter(Footprint.Meter meter) {
        this.meter = meter;
    }

    @Override
    public Footprint of(Plan plan) {
        Footprint footprint = known.get(plan);
        if (footprint == null) {
            footprint = meter.of(plan);
            known.put(plan, footprint);
        }
        return footprint;
    }

    @Override
    public List<Long> gpuPeaksAbout(Plan plan) {
        Footprint footprint = known.get(plan);
        return footprint == null ? meter.gpuPeaksAbout(plan) : footprint.gpuPeaks();
    }
}
