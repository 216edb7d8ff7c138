package dev.flexgen.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import dev.flexgen.engine.base.CancelToken;
import dev.flexgen.engine.base.EngineException;
import dev.flexgen.engine.memory.Tier;
import dev.flexgen.engine.model.Families;
import dev.flexgen.engine.plan.Plan;
import dev.flexgen.engine.plan.PlanJson;
import dev.flexgen.engine.plan.ProfileJson;
import dev.flexgen.engine.plan.ShippedProfiles;
import dev.flexgen.engine.quant.Encoding;
import dev.flexgen.engine.store.ModelPacker;
import dev.flexgen.engine.store.PackListener;
import dev.flexgen.engine.store.PackStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files that describe models, packed models, plans and machines, damaged at random: each is used, or an {@link EngineException}
 * says why not.
 */
class DescriptionFuzzTest {

    private static final int CASES = Boolean.getBoolean("flexgen.full") ? 20_000 : 1_000;

    /** Opening a model takes longer than reading about it. */
    private static final int CASES_FOR_ONE_OPENED = 10;

    @TempDir
    Path folder;

    private int refused;
    private int used;

    @Test
    void damagedConfigsAreUsedOrRefused() throws IOException {
        List<String> golden = Fixtures.models().toList();
        for (int round = 0; round < CASES; round++) {
            String config = Files.readString(
                    Fixtures.golden(golden.get(round % golden.size())).resolve("config.json"));
            Files.write(
                    folder.resolve("config.json"),
                    new JsonMutations(round).damaged(config).getBytes(StandardCharsets.UTF_8));
            attempt(round, () -> Families.read(folder));
        }
        assertBothHappened();
    }

    @Test
    void damagedPlansAreUsedOrRefused() {
        String plan = PlanJson.write(Plan.onOneDevice(Families.read(Fixtures.golden("opt-f32")), Tier.HOST, 0));
        for (int round = 0; round < CASES; round++) {
            String damaged = new JsonMutations(round).damaged(plan);
            attempt(
                    round,
                    () -> PlanJson.read(damaged, folder.resolve("plan.json").toString()));
        }
        assertBothHappened();
    }

    @Test
    void damagedProfilesAreUsedOrRefused() {
        String profile = ProfileJson.write(ShippedProfiles.find("t4").orElseThrow());
        for (int round = 0; round < CASES; round++) {
            String damaged = new JsonMutations(round).damaged(profile);
            attempt(
                    round,
                    () -> ProfileJson.read(
                            damaged, folder.resolve("machine.json").toString()));
        }
        assertBothHappened();
    }

    /** With checksums that are right, which anybody can make. */
    @Test
    void damagedListsOfPackedTensorsAreUsedOrRefused() throws IOException {
        PackStore store = new PackStore(folder);
        Path packed = new ModelPacker(store, 2, PackListener.NONE, new CancelToken())
                .pack("key", "m", Fixtures.golden("opt-f16"), Encoding.F16)
                .folder();
        Path file = packed.resolve("manifest.jsonl");
        List<String> lines = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
        EngineOptions options = EngineOptions.defaults()
                .withThreads(1)
                .withLimits(new MemoryLimits(64 << 20, 0, Files.createDirectories(folder.resolve("disk"))));
        for (int round = 0; round < CASES; round++) {
            Files.write(file, String.join("\n", damaged(lines, round)).getBytes(StandardCharsets.ISO_8859_1));
            boolean opened = round % CASES_FOR_ONE_OPENED == 0;
            attempt(round, () -> {
                store.list();
                Model.check(packed);
                if (opened) {
                    OpenModel.open(packed, options).close();
                }
            });
        }
        assertBothHappened();
    }

    private static List<String> damaged(List<String> lines, int round) {
        Random random = new Random(round);
        List<String> damaged = new ArrayList<>(lines);
        int at = random.nextInt(lines.size());
        String json = lines.get(at).substring(9);
        switch (random.nextInt(8)) {
            case 0 -> damaged.remove(at);
            case 1 -> damaged.add(random.nextInt(lines.size()), lines.get(at));
            default -> damaged.set(at, sealed(new JsonMutations(round).other(json)));
        }
        return damaged;
    }

    private static String sealed(String json) {
        CRC32C crc = new CRC32C();
        crc.update(json.getBytes(StandardCharsets.ISO_8859_1));
        return HexFormat.of().toHexDigits((int) crc.getValue()) + ' ' + json;
    }

    private void attempt(int round, Runnable reading) {
        try {
            reading.run();
            used++;
        } catch (EngineException e) {
            refused++;
            assertThat(e.getMessage())
                    .as("round %d", round)
                    .contains(folder.toString())
                    .doesNotContain("\n")
                    .hasSizeLessThan(1000);
        } catch (RuntimeException | Error e) {
            fail("round " + round + ": " + e, e);
        }
    }

    private void assertBothHappened() {
        assertThat(used).as("used").isGreaterThan(CASES / 50);
        assertThat(refused).as("refused").isGreaterThan(CASES / 50);
    }
}
