package dev.flexgen.chat;

import java.io.PrintStream;
import java.util.function.Consumer;

/**
 * Says that this machine is being measured, which takes ten to twenty seconds and happens once: on a terminal in a line that goes again,
 * elsewhere in one that stays. Owned by one thread.
 */
final class MeasuringNotice implements Consumer<String> {

    private static final String ERASE_LINE = "\r\u001b[K";

    private final Streams streams;
    private final boolean quiet;
    private boolean said;

    MeasuringNotice(Streams streams, boolean quiet) {
        this.streams = streams;
        this.quiet = quiet;
    }

    /** @param what is measured now; empty when all is */
    @Override
    public void accept(String what) {
        if (quiet) {
            return;
        }
        PrintStream out = streams.err();
        if (streams.terminal().getAsBoolean()) {
            out.print(what.isEmpty() ? ERASE_LINE : ERASE_LINE + "measuring this machine, once: " + what);
        } else if (!said && !what.isEmpty()) {
            said = true;
            streams.note("measuring this machine, which takes ten to twenty seconds and is done once");
        }
        out.flush();
    }
}
