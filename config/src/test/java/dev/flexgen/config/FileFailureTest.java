package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class FileFailureTest {

    @Test
    void noNameOfAClassAndNoPathAlone() {
        assertThat(FileFailure.reason(new NoSuchFileException("/x"))).isEqualTo("there is no such folder");
        assertThat(FileFailure.reason(new AccessDeniedException("/x"))).isEqualTo("permission denied");
        assertThat(FileFailure.reason(new FileSystemException("/x", null, "Read-only file system")))
                .isEqualTo("Read-only file system");
        assertThat(FileFailure.reason(new IOException("the disk is gone"))).isEqualTo("the disk is gone");
        assertThat(FileFailure.reason(new IOException())).isEqualTo("IOException");
    }
}
