package dev.flexgen.engine.measure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.plan.MachineProfile;
import dev.flexgen.engine.plan.ShippedProfiles;
import dev.flexgen.engine.plan.TestMachines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was measured once is not measured again, unless it is of no use any more. */
class ProfileCacheTest {

    @TempDir
    private Path folder;

    private final List<String> said = new ArrayList<>();

    private ProfileCache cache() {
        return new ProfileCache(folder.resolve("machine"), said::add);
    }

    private static final MachineProfile PROFILE =
            TestMachines.withDisk(TestMachines.gpu(8e11, 24e9, 4e10, 2e10, 3e10), 1e9);

    @Test
    void whatWasSavedIsFoundAgainOnTheSameHardware() {
        cache().save(PROFILE, List.of());
        assertThat(cache().saved(2, List.of(), "test hardware")).contains(PROFILE);
        assertThat(said).isEmpty();
    }

    @Test
    void profilesOfOtherNumbersOfThreadsDoNotDisturb() {
        cache().save(PROFILE, List.of());
        assertThat(cache().saved(3, List.of(), "test hardware with 3 threads")).isEmpty();
        assertThat(cache().saved(2, List.of(), "test hardware")).contains(PROFILE);
        assertThat(said).isEmpty();
    }

    @Test
    void nothingSavedIsNoNews() {
        assertThat(cache().saved(2, List.of(), "test hardware")).isEmpty();
        assertThat(said).isEmpty();
    }

    @Test
    void otherHardwareIsSaidOnceAndMeasuredAgain() {
        cache().save(PROFILE, List.of());
        assertThat(cache().saved(2, List.of(), "other hardware")).isEmpty();
        assertThat(said)
                .containsExactly(
                        "the saved profile of this machine was measured on test hardware, and this is other hardware;"
                                + " it will be measured again");
    }

    @Test
    void everyKindOfDamageIsSaidInOneSentence() throws IOException {
        cache().save(PROFILE, List.of());
        Path file = folder.resolve("machine").resolve("machine-2-threads.json");
        String whole = Files.readString(file);
        for (String damaged : List.of(
                "",
                "null",
                "[]",
                whole.substring(0, whole.length() / 2),
                whole.replace("\"flexgen-machine\": 4", "\"flexgen-machine\": 2"),
                whole.replaceFirst("\"start_seconds\": [^,]*,", "\"start_seconds\": -1,"),
                "\u0000".repeat(100),
                "{".repeat(100_000))) {
            said.clear();
            Files.writeString(file, damaged);
            assertThat(cache().saved(2, List.of(), "test hardware")).as(damaged).isEmpty();
            assertThat(said).as(damaged).hasSize(1);
            assertThat(said.getFirst()).contains("it will be measured again").doesNotContain("\n");
        }
    }

    @Test
    void aFolderThatCannotBeWrittenCostsOnlyASentence() throws IOException {
        Files.writeString(folder.resolve("machine"), "a file where the folder should be");
        cache().save(PROFILE, List.of());
        assertThat(said).singleElement().asString().contains("could not be saved", "make the folder writable");
    }

    @Test
    void shippedMachinesSayThatNobodyMeasuredThem() {
        for (String name : ShippedProfiles.names()) {
            MachineProfile profile = ShippedProfiles.find(name).orElseThrow();
            assertThat(profile.source()).isEqualTo(MachineProfile.Source.PUBLISHED);
            assertThat(profile.gpus()).hasSize(1);
            assertThat(profile.diskRead()).isPresent();
        }
        assertThat(ShippedProfiles.find("h200")).isEmpty();
    }
}
