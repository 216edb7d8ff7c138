package dev.flexgen.engine.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.quant.Encoding;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProfileJsonTest {

    private static final MachineProfile PROFILE =
            TestMachines.withDisk(TestMachines.gpu(8e11, 24e9, 4e10, 2e10, 3e10), 1e9);

    private static final String TEXT = ProfileJson.write(PROFILE);

    @Test
    void whatIsWrittenIsReadAgain() {
        assertThat(ProfileJson.read(TEXT, "machine.json")).isEqualTo(PROFILE);
        MachineProfile alone = TestMachines.processor(3e10);
        assertThat(ProfileJson.read(ProfileJson.write(alone), "machine.json")).isEqualTo(alone);
    }

    @Test
    void severalGpusAreWrittenAndReadInTheirOrder() {
        MachineProfile.Gpu one = PROFILE.gpus().getFirst();
        MachineProfile two = PROFILE.withGpus(List.of(one, one.withProductsBoth(new TreeMap<>(Map.of("q4", 3e9)))));
        assertThat(ProfileJson.read(ProfileJson.write(two), "machine.json")).isEqualTo(two);
    }

    @Test
    void aFileOfTheFormatThatHadOneGpuIsStillRead() {
        JsonObject old = ProfileJson.toJson(PROFILE);
        old.addProperty("flexgen-machine", 3);
        old.add("gpu", old.remove("gpus").getAsJsonArray().get(0));
        assertThat(ProfileJson.read(old.toString(), "machine.json")).isEqualTo(PROFILE);
        old.remove("gpu");
        assertThat(ProfileJson.read(old.toString(), "machine.json").gpus()).isEmpty();
        old.addProperty("flexgen-machine", 5);
        assertThatThrownBy(() -> ProfileJson.read(old.toString(), "machine.json"))
                .hasMessageContaining("its format is 5, and this version knows 3 and 4");
    }

    @Test
    void productsBesideTheBusAreWrittenAndReadByEncoding() {
        MachineProfile beside = TestMachines.beside(PROFILE, 5e9);
        String text = ProfileJson.write(beside);
        assertThat(ProfileJson.read(text, "machine.json")).isEqualTo(beside);
        assertThatThrownBy(() -> ProfileJson.read(text.replace("\"f16\": 5", "\"f17\": 5"), "m.json"))
                .hasMessageContaining("f17");
    }

    @Test
    void aReportAboutMoreThanTheMachineIsReadToo() {
        assertThat(ProfileJson.read("{\"checks\": [], \"machine\": " + TEXT + "}", "doctor.json"))
                .isEqualTo(PROFILE);
    }

    /** The key of a number, what it is replaced by, and what the sentence must say. */
    @ParameterizedTest
    @CsvSource({
        "upload_bytes_per_second, -3, upload_bytes_per_second",
        "upload_bytes_per_second, 0, upload_bytes_per_second",
        "upload_bytes_per_second, 1e40, upload_bytes_per_second",
        "upload_bytes_per_second, \"fast\", upload_bytes_per_second",
        "upload_bytes_per_second, NaN, upload_bytes_per_second",
        "start_seconds, 5, start_seconds",
        "wake_seconds, 5, wake_seconds",
        "memory_bytes, 7, memory_bytes",
        "threads, 0, threads",
        "other_load, 2, other_load",
        "unit_bytes, -1, unit_bytes"
    })
    void nonsenseIsRefusedByName(String key, String value, String said) {
        String wrong = TEXT.replaceFirst("\"" + key + "\": [^,\n]*", "\"" + key + "\": " + value);
        assertThatThrownBy(() -> ProfileJson.read(wrong, "m.json"))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.INPUT))
                .hasMessageContaining("m.json")
                .hasMessageContaining(said);
    }

    @Test
    void missingAndUnknownKeysAreNamed() {
        assertThatThrownBy(() -> ProfileJson.read(TEXT.replace("\"host\"", "\"hots\""), "m.json"))
                .hasMessageContaining("hots");
        assertThatThrownBy(() -> ProfileJson.read("{}", "m.json")).hasMessageContaining("flexgen-machine");
        assertThatThrownBy(() -> ProfileJson.read("hello", "m.json")).hasMessageContaining("m.json");
        assertThatThrownBy(() -> ProfileJson.read(TEXT.replace("\"f16\"", "\"f17\""), "m.json"))
                .hasMessageContaining("f17");
    }

    @Test
    void timeGrowsWithTokensBetweenWhatWasMeasured() {
        ProductRates rates = PROFILE.host().products();
        double before = 0;
        for (int tokens : new int[] {1, 2, 8, 64, 512, 1024}) {
            double now = rates.seconds(Encoding.F16, 1e9, tokens);
            assertThat(now).isGreaterThanOrEqualTo(before);
            before = now;
        }
        assertThat(rates.seconds(Encoding.F16, 1e9, 1024)).isEqualTo(2 * rates.seconds(Encoding.F16, 1e9, 512));
    }
}
