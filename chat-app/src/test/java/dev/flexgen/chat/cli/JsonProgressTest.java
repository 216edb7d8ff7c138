package dev.flexgen.chat.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.chat.pull.FileProgress;
import dev.flexgen.chat.pull.FileProgress.Phase;
import dev.flexgen.chat.pull.PullState;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonProgressTest {

    private static final long SECOND = 1_000_000_000L;

    private final List<String> lines = new ArrayList<>();
    private long now = 7 * SECOND;
    private final JsonProgress json = new JsonProgress(lines::add, () -> now);

    private static PullState state(long done, Phase phase, String note) {
        return new PullState(
                "me/tiny",
                List.of(
                        new FileProgress("config.json", 10, 10, Phase.DONE),
                        new FileProgress("w.bin", 90, done, phase)),
                100,
                10 + done,
                45.4,
                note);
    }

    @Test
    void eachEventIsAnObjectAndNothingIsSaidTwice() {
        json.show(PullState.asking("me/tiny"));
        json.show(state(0, Phase.WAITING, ""));
        json.show(state(45, Phase.LOADING, ""));
        json.show(state(45, Phase.LOADING, ""));
        now += SECOND;
        json.show(state(45, Phase.LOADING, "again"));
        json.end(state(90, Phase.DONE, ""));

        assertThat(lines)
                .containsExactly(
                        "{\"event\":\"note\",\"model\":\"me/tiny\",\"note\":\"asking the hub\"}",
                        "{\"event\":\"plan\",\"model\":\"me/tiny\",\"files\":2,\"files_done\":1,\"total_bytes\":100,"
                                + "\"done_bytes\":10,\"bytes_per_second\":45}",
                        "{\"event\":\"file\",\"path\":\"config.json\",\"phase\":\"done\",\"bytes\":10,\"done_bytes\":10}",
                        "{\"event\":\"file\",\"path\":\"w.bin\",\"phase\":\"loading\",\"bytes\":90,\"done_bytes\":45}",
                        "{\"event\":\"note\",\"model\":\"me/tiny\",\"note\":\"again\"}",
                        "{\"event\":\"progress\",\"model\":\"me/tiny\",\"files\":2,\"files_done\":1,\"total_bytes\":100,"
                                + "\"done_bytes\":55,\"bytes_per_second\":45}",
                        "{\"event\":\"file\",\"path\":\"w.bin\",\"phase\":\"done\",\"bytes\":90,\"done_bytes\":90}",
                        "{\"event\":\"end\",\"model\":\"me/tiny\",\"files\":2,\"files_done\":2,\"total_bytes\":100,"
                                + "\"done_bytes\":100,\"bytes_per_second\":45}");
    }
}
