package dev.flexgen.engine.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Host memory straight from Linux: zeroed by it when first touched, and in huge pages where it grants them. Ten times sooner
 * there than what the allocators of Java and CUDA give, which touch page by page on one thread, and quicker to read, since fewer
 * addresses are translated. For large buffers. Any thread.
 */
public final class HostPages {

    private static final long HUGE_PAGE = 2 << 20;
    private static final long PAGE = 4096;
    private static final long PIECE = 16L << 20;

    private static final int READ_AND_WRITE = 3;
    private static final int PRIVATE_AND_ANONYMOUS = 0x22;
    private static final int WANT_HUGE_PAGES = 14;

    private final MethodHandle map;
    private final MethodHandle advise;
    private final MethodHandle unmap;

    private HostPages(Linker linker) {
        this.map = handle(
                linker,
                "mmap",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_INT,
                        ValueLayout.JAVA_LONG));
        this.advise = handle(
                linker,
                "madvise",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
        this.unmap = handle(
                linker,
                "munmap",
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    }

    @SuppressWarnings("restricted") // three calls of the C library, with the signatures that Linux gives them
    private static MethodHandle handle(Linker linker, String name, FunctionDescriptor signature) {
        return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), signature);
    }

    /** The system's pages, where the system is Linux. */
    public static Optional<HostPages> ofThisSystem() {
        return System.getProperty("os.name", "").equals("Linux")
                ? Optional.of(new HostPages(Linker.nativeLinker()))
                : Optional.empty();
    }

    /** As many zeros, until the arena is closed; nothing if the system refuses. */
    @SuppressWarnings("restricted") // the system has just given this memory
    public Optional<MemorySegment> take(long bytes, Arena arena) {
        long mapped = Math.ceilDiv(bytes, HUGE_PAGE) * HUGE_PAGE + HUGE_PAGE;
        try {
            long start = (long) map.invokeExact(0L, mapped, READ_AND_WRITE, PRIVATE_AND_ANONYMOUS, -1, 0L);
            if (start == -1) {
                return Optional.empty();
            }
            long aligned = Math.ceilDiv(start, HUGE_PAGE) * HUGE_PAGE;
            int ignored = (int) advise.invokeExact(aligned, mapped - HUGE_PAGE, WANT_HUGE_PAGES);
            return Optional.of(
                    MemorySegment.ofAddress(aligned).reinterpret(bytes, arena, segment -> release(start, mapped)));
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // C functions throw nothing
        }
    }

    private void release(long start, long mapped) {
        try {
            int ignored = (int) unmap.invokeExact(start, mapped);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e); // C functions throw nothing
        }
    }

    /** Makes the system find the memory now, on all cores, instead of piece by piece when it is first written. */
    public static void touch(MemorySegment memory) {
        long pieces = Math.ceilDiv(memory.byteSize(), PIECE);
        LongStream.range(0, pieces).parallel().forEach(piece -> {
            long end = Math.min(memory.byteSize(), (piece + 1) * PIECE);
            for (long at = piece * PIECE; at < end; at += PAGE) {
                memory.set(ValueLayout.JAVA_BYTE, at, (byte) 0);
            }
        });
    }
}
