package dev.flexgen.chat.wizard.screen;

import com.googlecode.lanterna.input.KeyStroke;
import com.googlecode.lanterna.screen.Screen;
import com.googlecode.lanterna.screen.Screen.RefreshType;
import dev.flexgen.chat.wizard.Effect;
import dev.flexgen.chat.wizard.Effect.Outcome;
import dev.flexgen.chat.wizard.Step;
import dev.flexgen.chat.wizard.Wizard;
import dev.flexgen.chat.wizard.WizardEvent;
import dev.flexgen.chat.wizard.WizardState;
import dev.flexgen.chat.wizard.WizardWorld;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keys and events in, pictures and effects out. One thread owns the state and the screen; what takes time runs on threads of
 * its own and answers with an event.
 */
final class WizardLoop {

    private static final long TICK_MILLIS = 25;

    /** Measuring takes two seconds, a driver's tool that does not answer three more. */
    private static final Duration PATIENCE = Duration.ofSeconds(6);

    private final Screen screen;
    private final Painter painter;
    private final WizardWorld world;
    private final BlockingQueue<WizardEvent> events = new LinkedBlockingQueue<>();
    private @Nullable Thread pull;
    private @Nullable Thread look;

    WizardLoop(Screen screen, Painter painter, WizardWorld world) {
        this.screen = screen;
        this.painter = painter;
        this.world = world;
    }

    /** Runs until the user leaves. The screen is started and stopped by the caller. */
    Outcome run(Step first) throws IOException, InterruptedException {
        try {
            Optional<Outcome> left = carryOut(first.effect());
            WizardState state = first.state();
            painter.paint(state, RefreshType.COMPLETE);
            while (left.isEmpty()) {
                Optional<Step> next = next(state);
                boolean resized = screen.doResizeIfNecessary() != null;
                if (next.isPresent()) {
                    state = next.get().state();
                    left = carryOut(next.get().effect());
                }
                if (next.isPresent() || resized) {
                    painter.paint(state, resized ? RefreshType.COMPLETE : RefreshType.DELTA);
                }
            }
            if (left.get() == Outcome.CHAT || left.get() == Outcome.CHAT_WITH_DEMO) {
                endLook();
            }
            return left.get();
        } finally {
            endPull();
        }
    }

    /** What a key or an event leads to; empty when nothing has happened for a moment. */
    private Optional<Step> next(WizardState state) throws IOException, InterruptedException {
        KeyStroke stroke = screen.pollInput();
        if (stroke != null) {
            return Keys.of(stroke).map(key -> Wizard.onKey(state, key));
        }
        WizardEvent event = events.poll(TICK_MILLIS, TimeUnit.MILLISECONDS);
        while (event instanceof WizardEvent.PullMoved && events.peek() instanceof WizardEvent.PullMoved) {
            event = events.poll(); // a download reports more often than anybody can look
        }
        return event == null ? Optional.empty() : Optional.of(Wizard.onEvent(state, event));
    }

    /** The outcome, if the effect is to leave. */
    private Optional<Outcome> carryOut(Effect effect) {
        switch (effect) {
            case Effect.None _ -> {}
            case Effect.Look _ -> look = startLook();
            case Effect.CheckStore(var folder, var bytes) -> events.add(world.checkStore(folder, bytes));
            case Effect.CheckFolder(var folder) -> start("check", () -> world.checkFolder(folder));
            case Effect.Preview(var answers) -> events.add(world.preview(answers));
            case Effect.Save(var answers) -> events.add(world.save(answers));
            case Effect.Pull(var answers) ->
                pull = start("pull", () -> world.pull(answers, state -> events.add(new WizardEvent.PullMoved(state))));
            case Effect.StopPull _ -> world.stopPull();
            case Effect.Leave(var outcome) -> {
                return Optional.of(outcome);
            }
        }
        return Optional.empty();
    }

    private Thread start(String name, Supplier<WizardEvent> work) {
        return Thread.ofVirtual().name("wizard-" + name).start(() -> events.add(work.get()));
    }

    /** On a thread of the system's, since it calls into a GPU's driver. */
    private Thread startLook() {
        return Thread.ofPlatform().daemon().name("wizard-look").start(() -> events.add(world.look()));
    }

    /** Waits until the look has let go of the GPU, so that a model can be opened on it; gives up on a driver that hangs. */
    private void endLook() throws InterruptedException {
        if (look != null) {
            look.join(PATIENCE);
        }
    }

    /** A download must not write on behind the conversation that may follow. */
    private void endPull() throws InterruptedException {
        if (pull != null) {
            world.stopPull();
            pull.join();
        }
    }
}
