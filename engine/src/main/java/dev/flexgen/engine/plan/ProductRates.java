package dev.flexgen.engine.plan;

import dev.flexgen.engine.quant.Encoding;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How fast a device multiplies tokens with weights: multiply-adds a second by the name of the weights' encoding and by the number
 * of tokens in a step. With few tokens reading the weights takes the time, with many the arithmetic does.
 *
 * @param byEncoding for each encoding at least the rate of one token
 */
public record ProductRates(Map<String, SortedMap<Integer, Double>> byEncoding) {

    /** The encoding that every device has and that stands in for others. */
    static final String STANDARD = "f16";

    /** For sizes of encodings: a row so long that its padding does not count. */
    private static final int COLUMNS = 4096;

    public ProductRates {
        Map<String, SortedMap<Integer, Double>> copy = new TreeMap<>();
        byEncoding.forEach((name, rates) -> {
            if (!rates.containsKey(1)) {
                throw new IllegalArgumentException("no rate of one token with weights in " + name);
            }
            copy.put(name, new TreeMap<>(rates));
        });
        if (!copy.containsKey(STANDARD)) {
            throw new IllegalArgumentException("no rates of weights in " + STANDARD);
        }
        byEncoding = copy;
    }

    /**
     * What follows from two figures: one token takes as long as reading the weights, many as long as the arithmetic.
     *
     * @param bytesPerSecond that the device reads from its memory and multiplies with
     * @param mostPerSecond multiply-adds of a long step
     */
    public static ProductRates derived(double bytesPerSecond, double mostPerSecond) {
        Map<String, SortedMap<Integer, Double>> rates = new TreeMap<>();
        for (Encoding encoding : Encoding.ALL) {
            double one = Math.min(bytesPerSecond / bytesPerWeight(encoding), mostPerSecond);
            rates.put(encoding.name(), new TreeMap<>(Map.of(1, one, 512, mostPerSecond)));
        }
        return new ProductRates(rates);
    }

    /** Bytes that one weight takes in a long row. */
    public static double bytesPerWeight(Encoding encoding) {
        return (double) encoding.rowBytes(COLUMNS) / COLUMNS;
    }

    /** Seconds for a product of {@code tokens} tokens with so many weights. */
    double seconds(Encoding encoding, double weights, int tokens) {
        return weights * secondsPerWeight(of(encoding), tokens) * factor(encoding);
    }

    /** Bytes of weights that one token's product gets through in a second. */
    public double readBytesPerSecond(Encoding encoding) {
        return bytesPerWeight(encoding) / seconds(encoding, 1, 1);
    }

    /** The same for the encoding of this name, such as {@code q4}. */
    public double readBytesPerSecond(String name) {
        return Encoding.ALL.stream()
                .filter(encoding -> encoding.name().equals(name))
                .mapToDouble(this::readBytesPerSecond)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no encoding " + name));
    }

    private SortedMap<Integer, Double> of(Encoding encoding) {
        SortedMap<Integer, Double> own = byEncoding.get(encoding.name());
        return own != null ? own : byEncoding.getOrDefault(STANDARD, new TreeMap<>());
    }

    /** An encoding that was not measured takes as long as the standard one, or longer if it has more bytes. */
    private double factor(Encoding encoding) {
        return byEncoding.containsKey(encoding.name())
                ? 1
                : Math.max(1, bytesPerWeight(encoding) / bytesPerWeight(Encoding.F16));
    }

    /** Between two numbers of tokens that were measured, the time grows evenly; beyond the last, with the tokens. */
    private static double secondsPerWeight(SortedMap<Integer, Double> rates, int tokens) {
        int below = 1;
        for (int above : rates.keySet()) {
            if (above >= tokens) {
                if (above == below) {
                    return time(rates, above);
                }
                double share = (tokens - below) / (double) (above - below);
                return time(rates, below) + share * (time(rates, above) - time(rates, below));
            }
            below = above;
        }
        return time(rates, below) * tokens / below;
    }

    private static double time(SortedMap<Integer, Double> rates, int tokens) {
        return tokens / rates.getOrDefault(tokens, Double.NaN);
    }
}
