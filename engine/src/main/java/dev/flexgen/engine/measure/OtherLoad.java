package dev.flexgen.engine.measure;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * How much of the processors other programs have between two moments: what measures beside them says too little of the machine.
 * Time that a hypervisor gave to its other guests counts as theirs. Owned by one thread.
 */
public final class OtherLoad {

    /** Columns of the line: user, nice, system, idle, iowait, irq, softirq, steal. */
    private static final int IDLE = 3;

    private static final int WAITING = 4;
    private static final int STEAL = 7;
    private static final double TICKS_PER_SECOND = 100;

    private final Path statistics;
    private Moment start;

    /** Seconds since the system started. */
    private record Moment(double busy, double all, double own) {}

    public OtherLoad() {
        this(Path.of("/proc/stat"));
    }

    OtherLoad(Path statistics) {
        this.statistics = statistics;
        this.start = moment();
    }

    /** Their share since the last call, or since this began: 0 to 1; 0 where the system does not say. */
    public double share() {
        Moment end = moment();
        double all = end.all - start.all;
        double others = (end.busy - start.busy) - (end.own - start.own);
        start = end;
        return all <= 0 ? 0 : Math.clamp(others / all, 0, 1);
    }

    private Moment moment() {
        try (var lines = Files.lines(statistics)) {
            String[] words = lines.findFirst().orElse("").trim().split("\\s+", -1);
            double all = 0;
            double busy = 0;
            for (int i = 0; i <= STEAL && i + 1 < words.length; i++) {
                double seconds = Double.parseDouble(words[i + 1]) / TICKS_PER_SECOND;
                all += seconds;
                busy += i == IDLE || i == WAITING ? 0 : seconds;
            }
            return new Moment(busy, all, own());
        } catch (IOException | NumberFormatException e) {
            return new Moment(0, 0, 0);
        }
    }

    private static double own() {
        OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();
        return system instanceof com.sun.management.OperatingSystemMXBean it
                ? Math.max(0, it.getProcessCpuTime()) / 1e9
                : 0;
    }
}
