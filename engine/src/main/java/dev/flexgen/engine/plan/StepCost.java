package dev.flexgen.engine.plan;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The price of one step.
 *
 * @param seconds until it is done
 * @param layers seconds that each layer keeps its devices, the head last; copies ahead of use are not in it
 * @param busy seconds that each resource works in all
 * @param bytes that each resource reads or moves
 */
public record StepCost(double seconds, List<Double> layers, Map<Resource, Double> busy, Map<Resource, Double> bytes) {

    public StepCost {
        layers = List.copyOf(layers);
        busy = Collections.unmodifiableMap(new EnumMap<>(busy));
        bytes = Collections.unmodifiableMap(new EnumMap<>(bytes));
    }

    /** What works longest. */
    public Resource binding() {
        Resource longest = Resource.PROCESSOR;
        for (Resource resource : Resource.values()) {
            if (busy(resource) > busy(longest)) {
                longest = resource;
            }
        }
        return longest;
    }

    public double busy(Resource resource) {
        return busy.getOrDefault(resource, 0.0);
    }

    public double bytes(Resource resource) {
        return bytes.getOrDefault(resource, 0.0);
    }

    /** So many of them. */
    StepCost times(double count) {
        return new StepCost(
                count * seconds,
                layers.stream().map(it -> count * it).toList(),
                scaled(busy, count),
                scaled(bytes, count));
    }

    private static Map<Resource, Double> scaled(Map<Resource, Double> some, double count) {
        Map<Resource, Double> scaled = new EnumMap<>(Resource.class);
        some.forEach((resource, value) -> scaled.put(resource, count * value));
        return scaled;
    }

    /** Both, one after the other. */
    StepCost then(StepCost next) {
        List<Double> sums = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            sums.add(layers.get(i) + next.layers.get(i));
        }
        return new StepCost(seconds + next.seconds, sums, sum(busy, next.busy), sum(bytes, next.bytes));
    }

    private static Map<Resource, Double> sum(Map<Resource, Double> some, Map<Resource, Double> more) {
        Map<Resource, Double> sum = new EnumMap<>(Resource.class);
        sum.putAll(some);
        more.forEach((resource, value) -> sum.merge(resource, value, Double::sum));
        return sum;
    }
}
