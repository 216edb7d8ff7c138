package dev.flexgen.chat.monitor;

import com.googlecode.lanterna.TerminalSize;
import com.googlecode.lanterna.input.KeyStroke;
import com.googlecode.lanterna.input.KeyType;
import com.googlecode.lanterna.screen.Screen;
import com.googlecode.lanterna.screen.Screen.RefreshType;
import com.googlecode.lanterna.screen.TerminalScreen;
import dev.flexgen.chat.live.Rates;
import dev.flexgen.chat.live.Watch;
import dev.flexgen.chat.wizard.screen.BorrowedTerminal;
import dev.flexgen.config.PlainText;
import dev.flexgen.engine.base.Activity;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jline.terminal.Terminal;

/**
 * Shows what a model does on a screen of its own, until the user goes back or a reply ends; the terminal is then as it was. Runs on
 * the thread that has the keyboard.
 */
public final class Monitor {

    private static final Duration TICK = Duration.ofMillis(50);
    private static final long PICTURE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final int MOST_SPEEDS = 200;

    private final Terminal terminal;
    private final String model;
    private final Watch watch;
    private final LongSupplier nanoTime;
    private final Consumer<String> typed;
    private final Rates rates = new Rates();
    private final List<Double> speeds = new ArrayList<>();

    /** Why it ended. */
    public enum End {
        /** The user went back. */
        BACK,
        /** The user pressed Ctrl-C. */
        INTERRUPT,
        /** What was watched is over. */
        OVER
    }

    /**
     * One for a model.
     *
     * @param terminal lent until {@link #run} returns
     * @param typed takes what was typed behind the last key and could not stay in the terminal
     */
    public Monitor(Terminal terminal, String model, Watch watch, LongSupplier nanoTime, Consumer<String> typed) {
        this.terminal = terminal;
        this.model = PlainText.line(model);
        this.watch = watch;
        this.nanoTime = nanoTime;
        this.typed = typed;
    }

    /**
     * Shows it.
     *
     * @param goesOn whether what is watched goes on, such as a reply
     * @param untilBack whether to stay when it does not
     */
    public End run(BooleanSupplier goesOn, boolean untilBack) throws IOException {
        var bridge = new BorrowedTerminal(terminal);
        var screen = new TerminalScreen(bridge);
        screen.startScreen();
        try {
            End end = loop(screen, goesOn, untilBack);
            typed.accept(bridge.takeTyped());
            return end;
        } finally {
            screen.stopScreen(false); // what was typed behind the last key is the chat's
        }
    }

    private End loop(Screen screen, BooleanSupplier goesOn, boolean untilBack) throws IOException {
        long painted = nanoTime.getAsLong() - PICTURE_NANOS;
        while (true) {
            boolean on = goesOn.getAsBoolean();
            if (!on && !untilBack) {
                return End.OVER;
            }
            KeyStroke key = screen.pollInput();
            if (key != null && isEnd(key)) {
                return key.isCtrlDown() ? End.INTERRUPT : End.BACK;
            }
            boolean resized = screen.doResizeIfNecessary() != null;
            long now = nanoTime.getAsLong();
            if (resized || now - painted >= PICTURE_NANOS) {
                painted = now;
                paint(screen, now, on, resized ? RefreshType.COMPLETE : RefreshType.DELTA);
            }
            if (key == null && !pause()) {
                return End.BACK;
            }
        }
    }

    private static boolean isEnd(KeyStroke key) {
        if (key.getKeyType() == KeyType.EOF || key.getKeyType() == KeyType.Escape) {
            return true;
        }
        if (key.getKeyType() != KeyType.Character) {
            return false;
        }
        char character = Character.toLowerCase(key.getCharacter());
        return key.isCtrlDown() ? character == 'c' : character == 'q';
    }

    private static boolean pause() {
        try {
            Thread.sleep(TICK);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void paint(Screen screen, long nanos, boolean replying, RefreshType refresh) throws IOException {
        Activity.Now now = watch.now();
        Rates.Flow flow = rates.at(nanos / 1e9, now);
        speeds.add(flow.steps());
        if (speeds.size() > MOST_SPEEDS) {
            speeds.removeFirst();
        }
        TerminalSize size = screen.getTerminalSize();
        var moment = new MonitorPicture.Moment(model, watch.placement(), now, flow, speeds, replying);
        List<String> lines = MonitorPicture.of(moment, size.getColumns(), size.getRows());
        screen.clear();
        for (int row = 0; row < lines.size(); row++) {
            screen.newTextGraphics().putString(0, row, lines.get(row));
        }
        screen.setCursorPosition(null);
        screen.refresh(refresh);
    }
}
