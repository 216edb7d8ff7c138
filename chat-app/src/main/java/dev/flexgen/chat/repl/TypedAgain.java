package dev.flexgen.chat.repl;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Puts keys that were read back into the terminal of standard input, for the program that has it next. Linux alone does it, and
 * since version 6.2 only where {@code dev.tty.legacy_tiocsti} allows it. To be made before the keys are read: it takes a moment, and
 * what is typed in it would come before them. For one thread.
 */
public final class TypedAgain implements Predicate<String> {

    private static final int STANDARD_INPUT = 0;

    /** {@code FIONREAD}. */
    private static final long COUNT = 0x541B;

    /** {@code TIOCSTI}. */
    private static final long TYPE = 0x5412;

    /** {@code TCFLSH}, whose 0 means what was typed and not read. */
    private static final long FLUSH = 0x540B;

    private final MemorySegment argument = Arena.ofAuto().allocate(ValueLayout.JAVA_INT);
    private final Optional<MethodHandle> ioctl =
            System.getProperty("os.name", "").equals("Linux") ? ioctl() : Optional.empty();

    public TypedAgain() {
        argument.set(ValueLayout.JAVA_BYTE, 0, (byte) 0);
        ioctl.ifPresent(call -> call(call, COUNT, argument)); // the first time takes longest
    }

    /** Whether all of it is there; if not, nothing is. */
    @Override
    public boolean test(String text) {
        if (ioctl.isEmpty()) {
            return false;
        }
        for (byte key : text.getBytes(StandardCharsets.UTF_8)) {
            argument.set(ValueLayout.JAVA_BYTE, 0, key);
            if (call(ioctl.get(), TYPE, argument) != 0) {
                int _ = call(ioctl.get(), FLUSH, MemorySegment.NULL); // a shell must not run the part that is there
                return false;
            }
        }
        return true;
    }

    private static int call(MethodHandle ioctl, long request, MemorySegment argument) {
        try {
            return (int) ioctl.invokeExact(STANDARD_INPUT, request, argument);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** Empty where this Java calls no C. */
    @SuppressWarnings("restricted") // a call of the C library, with the signature that Linux gives it
    private static Optional<MethodHandle> ioctl() {
        Linker linker;
        try {
            linker = Linker.nativeLinker();
        } catch (UnsupportedOperationException none) {
            return Optional.empty();
        }
        var signature = FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS);
        return linker.defaultLookup()
                .find("ioctl")
                .map(address -> linker.downcallHandle(address, signature, Linker.Option.firstVariadicArg(2)));
    }
}
