package dev.flexgen.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The native library in a fresh process, which is the only place where its first loading can be watched. */
class NativeLibraryTest {

    @TempDir
    Path root;

    @Test
    void nothingOnTheClassPathCanProbeForAGpu() {
        for (String name : List.of("com.sun.jna.Library", "org.apache.commons.compress.archivers.zip.ZipFile")) {
            assertThatThrownBy(() -> Class.forName(name)).isInstanceOf(ClassNotFoundException.class);
        }
    }

    @Test
    void aFirstUseWritesIntoTheGivenFolderOnlyAndSaysNothing() throws Exception {
        // Signs of a CUDA machine in the environment must not lead to another build of the library.
        Outcome outcome = fork(Map.of("CUDA_VISIBLE_DEVICES", "0", "CUDA_HOME", "/usr/local/cuda", "CUDA_PATH", "/x"));
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out()).isEqualTo("[523, 501]\n");
        assertThat(outcome.exitCode()).isZero();
        assertThat(files("home")).isEmpty();
        assertThat(files("tmp")).isEmpty();
        assertThat(files("work")).isEmpty();
        assertThat(files("cache")).singleElement().asString().contains("-cpu-").contains("tokenizers.");
    }

    @Test
    void aLibraryThatCannotBeLoadedIsOneSentence() throws Exception {
        Path missing = root.resolve(System.mapLibraryName("tokenizers"));
        Outcome outcome = fork(Map.of("RUST_LIBRARY_PATH", missing.toString()));
        assertThat(outcome.exitCode()).isEqualTo(3);
        assertThat(outcome.err())
                .startsWith("The tokenizer's native library cannot be loaded (")
                .contains(root.resolve("cache").toString())
                .endsWith(" and that the system has glibc 2.34 or newer and libstdc++.\n")
                .hasLineCount(1);
    }

    @Test
    void aDamagedLibraryIsReplaced() throws Exception {
        assertThat(fork(Map.of()).exitCode()).isZero();
        Path library = files("cache").getFirst();
        long whole = Files.size(library);
        for (Damage damage : Damage.values()) {
            damage.to(library);
            Outcome outcome = fork(Map.of());
            assertThat(outcome).as(damage.name()).isEqualTo(new Outcome(0, "[523, 501]\n", ""));
            assertThat(files("cache")).containsExactly(library);
            assertThat(Files.size(library)).isEqualTo(whole);
        }
    }

    @Test
    void whereOthersMayWriteNothingIsKeptOrBelieved() throws Exception {
        Path cache = Files.createDirectories(root.resolve("cache"));
        assumeThat(cache.getFileSystem().supportedFileAttributeViews()).contains("posix");
        Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(fork(Map.of())).isEqualTo(new Outcome(0, "[523, 501]\n", ""));
        assertThat(files("tmp")).isEmpty();
    }

    @Test
    void noPlaceForTheLibraryIsOneSentence() throws Exception {
        Files.createFile(root.resolve("cache"));
        Path temporary = Files.createDirectory(root.resolve("tmp"));
        assumeThat(temporary.getFileSystem().supportedFileAttributeViews()).contains("posix");
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxrwxrwx"));
        Outcome outcome = fork(Map.of());
        assertThat(outcome.exitCode()).isEqualTo(3);
        assertThat(outcome.err())
                .startsWith("There is no place for the tokenizer's native library of 16 MB: the folder "
                        + root.resolve("cache/tokenizers"))
                .contains("other users can exchange what is in " + root.resolve("tmp"))
                .hasLineCount(1);
    }

    /** What a power cut or a full disk leaves. */
    private enum Damage {
        CUT {
            @Override
            void to(Path library) throws IOException {
                try (var channel = FileChannel.open(library, StandardOpenOption.WRITE)) {
                    channel.truncate(1_000_000);
                }
            }
        },
        ZEROS {
            @Override
            void to(Path library) throws IOException {
                try (var channel = FileChannel.open(library, StandardOpenOption.WRITE)) {
                    channel.write(ByteBuffer.allocate(1 << 16), 4 << 20);
                }
            }
        },
        EMPTY {
            @Override
            void to(Path library) throws IOException {
                Files.write(library, new byte[0]);
            }
        };

        abstract void to(Path library) throws IOException;
    }

    private List<Path> files(String folder) throws IOException {
        try (Stream<Path> paths = Files.walk(root.resolve(folder))) {
            return paths.filter(Files::isRegularFile).toList();
        }
    }

    private Outcome fork(Map<String, String> environment) throws IOException, InterruptedException {
        for (String folder : List.of("home", "tmp", "work")) {
            if (!Files.exists(root.resolve(folder))) {
                Files.createDirectory(root.resolve(folder));
            }
        }
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        ProcessBuilder builder = new ProcessBuilder(
                java.toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:-UsePerfData",
                "-Duser.home=" + root.resolve("home"),
                "-Djava.io.tmpdir=" + root.resolve("tmp"),
                "-cp",
                System.getProperty("java.class.path"),
                Probe.class.getName(),
                TestFolders.golden("gpt2").toString(),
                root.resolve("cache").toString());
        builder.environment().put("HOME", root.resolve("home").toString());
        builder.environment().keySet().removeAll(List.of("DJL_CACHE_DIR", "ENGINE_CACHE_DIR", "JAVA_TOOL_OPTIONS"));
        builder.environment().putAll(environment);
        Path out = root.resolve("out");
        Path err = root.resolve("err");
        Process process = builder.directory(root.resolve("work").toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Outcome(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    private record Outcome(int exitCode, String out, String err) {}

    /** Runs in the other process. */
    static final class Probe {

        private Probe() {}

        public static void main(String[] args) {
            try (Tokenizer tokenizer = Tokenizers.open(Path.of(args[0]), Path.of(args[1]))) {
                System.out.println(Arrays.toString(tokenizer.encode("Hello world")));
            } catch (TokenizerException e) {
                System.err.println(e.getMessage());
                System.exit(3);
            }
        }
    }
}
