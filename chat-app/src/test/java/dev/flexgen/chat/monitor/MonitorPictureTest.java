package dev.flexgen.chat.monitor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.live.Placement;
import dev.flexgen.chat.live.Rates;
import dev.flexgen.chat.monitor.MonitorPicture.Moment;
import dev.flexgen.engine.base.Activity;
import java.util.List;
import org.junit.jupiter.api.Test;

class MonitorPictureTest {

    private static final Placement PLACEMENT = new Placement(
            List.of(
                    new Placement.Tier("GPU", 10L << 30, 2L << 30, 1L << 30, 16L << 30),
                    new Placement.Tier("disk", 40L << 30, 0, 0, 0)),
            List.of(new Placement.Layers(0, 94, "attention GPU, feed-forward 25 % GPU + 75 % GPU from disk")),
            new Placement.Speeds(300e9, 20e9, 40e9, 0),
            "disk",
            1L << 30);

    private static Moment moment() {
        var now = new Activity.Now(0, 0, new Activity.Step(1, 60, 96), 10, 10, 0, 0, 0, 0);
        return new Moment(
                "opt-66b",
                PLACEMENT,
                now,
                new Rates.Flow(2.9e9, 5e9, 0.25, 0.25, 0.07),
                List.of(0.1, 0.2, 0.25, 0.25),
                true);
    }

    @Test
    void theWholePicture() {
        assertThat(String.join("\n", MonitorPicture.of(moment(), 110, 30))).isEqualTo("""
                opt-66b, writing a token, layer 61/96

                GPU     \u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2593\u2593\u2593\u2593\u2593\u2591\u2591\u2591\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7 13.0 GiB of 16.0 GiB: weights 10.0 GiB, KV 2.0 GiB, buffers 1.0 Gi\u2026
                disk    \u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588 40.0 GiB: weights 40.0 GiB, KV 0 B, buffers 0 B

                layers 1-95: attention GPU, feed-forward 25 % GPU + 75 % GPU from disk

                disk    \u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7 2.9 GB/s, its limit is not measured; this is what limits writing
                bus     \u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7 5.0 of 20.0 GB/s
                weights \u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7\u00b7 0.3 of 300.0 GB/s
                speed   \u2584\u2587\u2588\u2588                                     0.25 tok/s, 0.25 steps/s
                gating  7 % of the neurons are read

                q back to the chat, the reply goes on; Ctrl-C stops it""");
    }

    @Test
    void anySizeIsFilledAndNotOverflowed() {
        for (int columns : new int[] {1, 10, 20, 80}) {
            for (int rows : new int[] {1, 2, 5, 9, 24}) {
                List<String> lines = MonitorPicture.of(moment(), columns, rows);
                assertThat(lines).hasSizeLessThanOrEqualTo(rows).isNotEmpty();
                assertThat(lines).allMatch(line -> line.length() <= columns);
                assertThat(lines.getLast()).startsWith("q".substring(0, Math.min(1, columns - 1)));
            }
        }
    }
}
