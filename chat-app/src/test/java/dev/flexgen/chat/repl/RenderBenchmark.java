package dev.flexgen.chat.repl;

import dev.flexgen.chat.dialogue.ReplyEnd;
import dev.flexgen.chat.dialogue.ScriptedChatModel;
import dev.flexgen.chat.repl.render.Theme;
import dev.flexgen.config.NotifyChoice;
import dev.flexgen.config.ThoughtsChoice;
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Size;
import org.jline.terminal.impl.LineDisciplineTerminal;

/**
 * A program that measures the processor time of showing a reply of 2,000 tokens of Markdown, with its status line, in a terminal of
 * 100 columns that throws all away. The first reply is shown by a JVM that has compiled nothing of it.
 */
final class RenderBenchmark {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final int TOKENS = 2000;
    private static final int CHARACTERS_A_TOKEN = 4;

    private static final String TEXT = """
            ## What the planner does

            It **measures** the machine, and then decides which parts of a model live in `GPU memory`, in host memory or on disk, so
            that you never type percentages. Three things matter most:

            - the rate of the *bus*, which every streamed weight crosses once for each step;
            - the rate of **host memory**, which the processor's products read;
            1. how many neurons are active, and

            > A plan is data: it lists the shards of each layer.

            ```java
            int sum = 0; // of all bytes
            for (Shard shard : plan.shards()) {
                sum += "disk".equals(shard.tier()) ? shard.bytes() : 0;
            }
            ```

            """;

    private RenderBenchmark() {}

    /**
     * Measures and prints.
     *
     * @param arguments tokens a second (0 for as fast as it goes), replies (5); both may be left out
     */
    public static void main(String[] arguments) throws Exception {
        int pace = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 0;
        int replies = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 5;
        String text = TEXT.repeat(TOKENS * CHARACTERS_A_TOKEN / TEXT.length() + 1);
        try (OutputStream nowhere = new BufferedOutputStream(new FileOutputStream("/dev/null"));
                var terminal = new LineDisciplineTerminal("test", "xterm-256color", nowhere, StandardCharsets.UTF_8)) {
            terminal.setSize(new Size(100, 30));
            for (int reply = 1; reply <= replies; reply++) {
                long process = processNanos();
                long thread = show(text, pace, terminal);
                System.out.printf(
                        Locale.ROOT,
                        "reply %d: %.3f s of processor time in its thread, %.3f s in the whole process, with compiling%n",
                        reply,
                        thread / 1e9,
                        (processNanos() - process) / 1e9);
            }
        }
    }

    private static long processNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private static long threadNanos() {
        return THREADS.getCurrentThreadCpuTime();
    }

    /** Processor time of this thread, without what it takes to wait for the next token. */
    private static long show(String text, int pace, LineDisciplineTerminal terminal) throws InterruptedException {
        long spent = 0;
        var look = new TerminalTurn.Look(Theme.ANSI, true, ThoughtsChoice.SHOWN, NotifyChoice.NONE);
        var model = new ScriptedChatModel(TOKENS);
        var meter = new ReplyMeter(TestSetup.partner(model), TOKENS, System::nanoTime);
        var out = new TurnWriter(terminal.writer());
        try (var turn = new TerminalTurn(out, terminal, look, new TypedAhead(), meter, System::nanoTime)) {
            turn.onPrompt(1);
            turn.onPrefill(1, 1);
            long begin = System.nanoTime();
            for (int token = 0; token < TOKENS; token++) {
                long start = threadNanos();
                turn.onToken();
                turn.onText(text.substring(token * CHARACTERS_A_TOKEN, (token + 1) * CHARACTERS_A_TOKEN));
                spent += threadNanos() - start;
                if (pace > 0) {
                    long due = begin + TimeUnit.SECONDS.toNanos(1) * (token + 1) / pace;
                    TimeUnit.NANOSECONDS.sleep(Math.max(0, due - System.nanoTime()));
                }
            }
            turn.finish(ReplyEnd.FINISHED);
        }
        return spent;
    }
}
