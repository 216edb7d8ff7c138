package dev.flexgen.hub;

import dev.flexgen.config.DiskSpace;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * The sizes and patience of a pull, and what it needs of the machine besides files and sockets.
 *
 * @param rangeBytes the most of one file that is here but not yet recorded as finished, so what a crash can cost
 * @param pieceBytes asked for in one request
 * @param recordBytes after so many new ones a record of what is finished is written
 * @param streamsPerFile most requests at a time
 * @param sample after so long a file may have one stream more
 * @param enoughBytesPerSecond of all files together, at which it has not
 * @param filesAtOnce files at a time
 * @param attempts in a row that may fail without a single byte arriving
 * @param stall without any byte, after which a connection counts as lost
 * @param firstDelay before the first repetition; doubles from there
 * @param longestDelay between repetitions
 * @param longestWait that the hub may ask for
 */
record Tuning(
        long rangeBytes,
        long pieceBytes,
        long recordBytes,
        int streamsPerFile,
        Duration sample,
        long enoughBytesPerSecond,
        int filesAtOnce,
        int attempts,
        Duration stall,
        Duration firstDelay,
        Duration longestDelay,
        Duration longestWait,
        Sleeper sleeper,
        RandomGenerator random,
        FreeSpace freeSpace,
        Opener opener) {

    private static final long MIB = 1 << 20;

    /** For the real hub. */
    static Tuning standard() {
        return new Tuning(
                64 * MIB,
                32 * MIB,
                16 * MIB,
                4,
                Duration.ofMillis(500),
                128 * MIB,
                4,
                6,
                Duration.ofSeconds(30),
                Duration.ofSeconds(1),
                Duration.ofSeconds(30),
                Duration.ofMinutes(15),
                Thread::sleep,
                RandomGenerator.getDefault(),
                DiskSpace::free,
                Tuning::open);
    }

    Tuning withAttempts(int attempts) {
        return new Tuning(
                rangeBytes,
                pieceBytes,
                recordBytes,
                streamsPerFile,
                sample,
                enoughBytesPerSecond,
                filesAtOnce,
                attempts,
                stall,
                firstDelay,
                longestDelay,
                longestWait,
                sleeper,
                random,
                freeSpace,
                opener);
    }

    /** Not through a link: somebody else may have put it there. */
    static FileChannel open(Path file) throws IOException {
        return FileChannel.open(
                file,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS);
    }

    /** Lets time pass. */
    @FunctionalInterface
    interface Sleeper {
        void sleep(Duration time) throws InterruptedException;
    }

    /** Knows how much may still be written. */
    @FunctionalInterface
    interface FreeSpace {
        long bytes(Path folder) throws IOException;
    }

    /** Opens a partial file for reading and writing, or makes it. */
    @FunctionalInterface
    interface Opener {
        FileChannel open(Path file) throws IOException;
    }
}
