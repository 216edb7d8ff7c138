package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskSpaceTest {

    @TempDir
    Path folder;

    @Test
    void isWhatTheFileSystemSays() throws IOException {
        long said = Files.getFileStore(folder).getUsableSpace();

        assertThat(DiskSpace.free(folder)).isCloseTo(said, Percentage.withPercentage(5));
    }

    @Test
    void aFolderThatDoesNotExistHasTheRoomOfTheOneThatWillHoldIt() {
        assertThat(DiskSpace.free(folder.resolve("not/yet/made")))
                .isCloseTo(DiskSpace.free(folder), Percentage.withPercentage(5));
    }

    @Test
    void aRelativePathIsBelowTheCurrentFolder() {
        assertThat(DiskSpace.free(Path.of("not-yet-made"))).isPositive();
    }
}
