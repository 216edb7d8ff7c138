package dev.flexgen.engine;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A program that runs another and says where its main thread spent its time: samples of the stack, every few milliseconds,
 * counted by the innermost frames of this project. Arguments: the main class and its arguments.
 *
 * <p>For machines without a profiler; what it prints is good for shares, not for microseconds.
 */
public final class StackSampler {

    private static final long PERIOD_MILLIS = 2;
    private static final int FRAMES = 4;
    private static final int LINES = 30;

    private StackSampler() {}

    public static void main(String[] args) throws Exception {
        Thread program = Thread.currentThread();
        Map<String, Integer> counts = new HashMap<>();
        Thread sampler = new Thread(() -> sample(program, counts), "sampler");
        sampler.setDaemon(true);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> print(counts)));
        sampler.start();
        String[] rest = Arrays.copyOfRange(args, 1, args.length);
        Class.forName(args[0]).getMethod("main", String[].class).invoke(null, (Object) rest);
    }

    private static void sample(Thread program, Map<String, Integer> counts) {
        try {
            while (true) {
                Thread.sleep(PERIOD_MILLIS);
                String place = Arrays.stream(program.getStackTrace())
                        .filter(frame -> frame.getClassName().startsWith("dev.flexgen"))
                        .limit(FRAMES)
                        .map(frame -> frame.getClassName().replaceAll(".*\\.", "") + "." + frame.getMethodName() + ":"
                                + frame.getLineNumber())
                        .collect(Collectors.joining(" < "));
                synchronized (counts) {
                    counts.merge(place, 1, Integer::sum);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @SuppressWarnings("SystemOut") // a program
    private static void print(Map<String, Integer> counts) {
        synchronized (counts) {
            int total = counts.values().stream().mapToInt(Integer::intValue).sum();
            counts.entrySet().stream()
                    .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder()))
                    .limit(LINES)
                    .forEach(entry -> System.err.printf(
                            Locale.ROOT, "%5.1f %% %s%n", 100.0 * entry.getValue() / total, entry.getKey()));
        }
    }
}
