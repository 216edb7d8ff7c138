package dev.flexgen.engine.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.engine.base.EngineException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScratchFileTest {

    private static final long PAGE = ScratchFile.PAGE;

    @TempDir
    Path folder;

    private final Ledger ledger = new Ledger();
    private final HostMemory memory = new HostMemory(ledger);

    private static void fill(MemorySegment segment, int mark) {
        for (long i = 0; i < segment.byteSize() / 4; i++) {
            segment.setAtIndex(ValueLayout.JAVA_INT, i, (int) (i * 7 + mark));
        }
    }

    @Test
    void blocksComeBackAsTheyWent() {
        try (ScratchFile file = new ScratchFile(ledger, folder.resolve("new"), 100 * PAGE);
                Buffer one = memory.allocate("test", 3 * PAGE);
                Buffer two = memory.allocate("test", 70 * PAGE);
                Buffer back = memory.allocate("test", 70 * PAGE)) {
            fill(one.segment(), 1);
            fill(two.segment(), 2);
            long first = file.append(one.segment());
            long second = file.append(two.segment());
            assertThat(ledger.bytes(Tier.DISK)).isEqualTo(73 * PAGE);
            file.read(second, back.segment());
            assertThat(back.segment().mismatch(two.segment())).isEqualTo(-1);
            MemorySegment part = back.segment().asSlice(0, 3 * PAGE);
            file.read(first, part);
            assertThat(part.mismatch(one.segment())).isEqualTo(-1);
        }
        assertThat(ledger.report()).isEmpty();
    }

    @Test
    void nothingIsLeftInTheFolderNotEvenWhileItIsOpen() {
        try (ScratchFile file = new ScratchFile(ledger, folder, PAGE)) {
            assertThat(folder).isEmptyDirectory();
            assertThat(file.direct()).isIn(true, false); // whatever the file system of the test allows
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aFileSystemWithoutPermissionsWillDo() throws IOException {
        Path archive = folder.resolve("archive.zip");
        try (FileSystem zip = FileSystems.newFileSystem(archive, Map.of("create", "true"))) {
            assertThat(zip.supportedFileAttributeViews()).doesNotContain("posix");
            try (ScratchFile file = new ScratchFile(ledger, zip.getPath("/disk"), PAGE);
                    Buffer one = memory.allocate("test", PAGE);
                    Buffer back = memory.allocate("test", PAGE)) {
                fill(one.segment(), 3);
                file.read(file.append(one.segment()), back.segment());
                assertThat(back.segment().mismatch(one.segment())).isEqualTo(-1);
            }
        }
        assertThat(ledger.report()).isEmpty();
    }

    @Test
    void moreThanIsFreeIsRefusedWithBothNumbers() {
        assertThatThrownBy(() -> new ScratchFile(ledger, folder, 1L << 60))
                .isInstanceOfSatisfying(
                        EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.PLACEMENT))
                .hasMessageContaining("need 1073741824.0 GiB on disk")
                .hasMessageContaining(folder.toString())
                .hasMessageContaining("GiB free");
    }

    @Test
    void aReadBeyondTheEndIsADeviceError() {
        try (ScratchFile file = new ScratchFile(ledger, folder, 10 * PAGE);
                Buffer block = memory.allocate("test", PAGE)) {
            file.append(block.segment());
            assertThatThrownBy(() -> file.read(5 * PAGE, block.segment()))
                    .isInstanceOfSatisfying(
                            EngineException.class, e -> assertThat(e.kind()).isEqualTo(EngineException.Kind.DEVICE))
                    .hasMessageContaining("could not be read back");
        }
    }
}
