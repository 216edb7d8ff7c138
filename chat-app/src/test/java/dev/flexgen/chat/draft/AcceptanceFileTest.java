package dev.flexgen.chat.draft;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flexgen.engine.DraftCounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Counts are added up and kept; whatever else is in the file counts as nothing. */
class AcceptanceFileTest {

    @TempDir
    Path cache;

    private static final DraftCounts SOME = new DraftCounts(40, 30, 100, 60, 80);

    @Test
    void countsAreAddedUpForEachDraft() {
        AcceptanceFile file = new AcceptanceFile(cache, "opt-13b");
        assertThat(file.of("self")).isEmpty();
        file.add("self", SOME);
        file.add("self", new DraftCounts(10, 10, 40, 36, 40));
        file.add("lookup", new DraftCounts(1, 1, 1, 1, 1));
        assertThat(new AcceptanceFile(cache, "opt-13b").of("self")).hasValueSatisfying(it -> {
            assertThat(it.measured()).isTrue();
            assertThat(it.right()).isEqualTo(96.0 / 120);
            assertThat(it.guessed()).isEqualTo(40.0 / 50);
        });
        assertThat(file.of("lookup")).as("too little to go by").isEmpty();
        assertThat(new AcceptanceFile(cache, "opt-30b").of("self")).isEmpty();
    }

    @Test
    void whatIsNewStillCountsAfterVeryMuch() {
        AcceptanceFile file = new AcceptanceFile(cache, "m");
        for (int i = 0; i < 10; i++) {
            file.add("self", new DraftCounts(5000, 5000, 5000, 5000, 5000));
        }
        for (int i = 0; i < 4; i++) {
            file.add("self", new DraftCounts(5000, 5000, 5000, 0, 5000));
        }
        assertThat(file.of("self").orElseThrow().right()).isLessThan(0.3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "[]",
                "{\"self\":null}",
                "{\"self\":{\"asked\":-1}}",
                "{\"self\":{\"asked\":1,\"given\":5,\"drafted\":1,\"accepted\":9,\"judged\":2}}",
                "{\"self\":{\"asked\":\"x\"}}"
            })
    void aDamagedFileCountsAsNoneAndIsReplaced(String content) throws IOException {
        AcceptanceFile file = new AcceptanceFile(cache, "m");
        Path there = cache.resolve("drafts").resolve("m.json");
        Files.createDirectories(there.getParent());
        Files.writeString(there, content);
        assertThat(file.of("self")).isEmpty();
        file.add("self", SOME);
        assertThat(file.of("self")).isPresent();
    }

    @Test
    void whatCannotBeWrittenIsLeftOutAndNamesStayInTheFolder() throws IOException {
        Path blocked = Files.writeString(cache.resolve("file"), "");
        new AcceptanceFile(blocked, "m").add("self", SOME);
        AcceptanceFile strange = new AcceptanceFile(cache, "../../etc/passwd");
        strange.add("self", SOME);
        assertThat(strange.of("self")).isPresent();
        assertThat(cache.resolve("drafts")).isDirectoryContaining("glob:**/*.json");
    }
}
