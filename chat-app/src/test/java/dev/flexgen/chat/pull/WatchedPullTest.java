package dev.flexgen.chat.pull;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.hub.HubRef;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class WatchedPullTest {

    private static final HubRef REF = new HubRef("me/tiny", "main");

    private final List<String> shown = new CopyOnWriteArrayList<>();

    private final PullDisplay display = new PullDisplay() {
        @Override
        public void show(PullState state) {
            shown.add(state.note());
        }

        @Override
        public void end(PullState state) {
            shown.add("end " + state.note());
        }
    };

    /** A download that does what it is told to. */
    private record Scripted(Consumer<Consumer<PullState>> script) implements ModelPull {
        @Override
        public void run(HubRef model, Consumer<PullState> progress) {
            script.accept(progress);
        }

        @Override
        public void stop() {}
    }

    @Test
    void aDisplayThatFailsStopsTheDownload() {
        var stopped = new CountDownLatch(1);
        ModelPull pull = new ModelPull() {
            @Override
            public void run(HubRef model, Consumer<PullState> progress) {
                try {
                    assertThat(stopped.await(10, TimeUnit.SECONDS)).isTrue();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                throw new CancellationException();
            }

            @Override
            public void stop() {
                stopped.countDown();
            }
        };
        PullDisplay broken = new PullDisplay() {
            @Override
            public void show(PullState state) {
                throw new IllegalStateException("the reader has gone");
            }

            @Override
            public void end(PullState state) {
                throw new AssertionError("not after that");
            }
        };

        assertThatThrownBy(() -> new WatchedPull(pull, broken).run(REF)).hasMessage("the reader has gone");
    }

    private static PullState noted(String note) {
        return new PullState("m", List.of(), 0, 0, 0, note);
    }

    @Test
    void theLastStateIsShownLastAndReturned() {
        var pull = new Scripted(progress -> {
            for (int i = 0; i <= 1000; i++) {
                progress.accept(noted(Integer.toString(i)));
            }
        });

        assertThat(new WatchedPull(pull, display).run(REF).note()).isEqualTo("1000");
        assertThat(shown).endsWith("end 1000").hasSizeLessThan(100);
    }

    @Test
    void aDownloadThatIsStoppedShowsHowFarItGot() {
        var pull = new Scripted(progress -> {
            progress.accept(noted("half"));
            throw new CancellationException();
        });

        assertThatThrownBy(() -> new WatchedPull(pull, display).run(REF)).isInstanceOf(CancellationException.class);
        assertThat(shown).endsWith("end half");
    }
}
