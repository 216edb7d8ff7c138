package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user makes is the user's own, whoever that is. */
class PrivateFolderTest {

    private static final String NOBODY = "65534";
    private static final Path SETPRIV = Path.of("/usr/bin/setpriv");

    @TempDir
    Path folder;

    @Test
    void aFolderMadeByThisUserIsPrivate() throws IOException {
        Path mine = folder.resolve("mine");
        PrivateFolder.make(mine);

        assertThat(PrivateFolder.is(mine)).isTrue();
    }

    /** As root only, who may become somebody else: root's own folders tell nothing about those of others. */
    @Test
    void aFolderMadeByAUserWhoIsNotRootIsPrivateToo() throws Exception {
        assumeTrue(isRoot() && Files.isExecutable(SETPRIV), "needs root and setpriv");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path home = Files.createDirectory(folder.resolve("home"));
        Files.setAttribute(home, "unix:uid", Integer.valueOf(NOBODY));
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        assumeTrue(
                start(asNobody("test", "-x", java, "-a", "-w", home.toString())).waitFor() == 0,
                "needs a Java that others may run");
        Process process = start(asNobody(
                java,
                "-cp",
                readableClasses().toString(),
                PrivateFolderTest.class.getName() + "$Program",
                home.resolve("own").toString()));
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(said).isZero();
        assertThat(said).endsWith("is private");
    }

    private static List<String> asNobody(String... program) {
        List<String> command = new ArrayList<>(
                List.of(SETPRIV.toString(), "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups"));
        command.addAll(List.of(program));
        return command;
    }

    private static Process start(List<String> command) throws IOException {
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static boolean isRoot() throws IOException {
        return Integer.valueOf(0)
                .equals(Files.getAttribute(Path.of("/proc/self").toRealPath(), "unix:uid"));
    }

    /** The classes of a build may lie where nobody else can read them. */
    private Path readableClasses() throws Exception {
        Path classes = Files.createDirectory(folder.resolve("classes"));
        for (Class<?> type : List.of(PrivateFolder.class, Program.class)) {
            Path source = Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
            Path inPackage = Path.of(type.getPackageName().replace('.', '/'));
            Files.createDirectories(classes.resolve(inPackage));
            try (Stream<Path> files = Files.list(source.resolve(inPackage))) {
                for (Path file : files.filter(it -> it.getFileName().toString().startsWith("PrivateFolder"))
                        .toList()) {
                    Files.copy(file, classes.resolve(inPackage).resolve(file.getFileName()));
                }
            }
        }
        try (Stream<Path> all = Files.walk(classes)) {
            for (Path path : all.toList()) {
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
        }
        return classes;
    }

    /** Makes a folder and says whether it is private. */
    static final class Program {

        private Program() {}

        public static void main(String[] arguments) throws IOException {
            Path own = Path.of(arguments[0]);
            PrivateFolder.make(own);
            System.out.print(PrivateFolder.is(own) ? "is private" : "belongs to somebody else");
        }
    }
}
