package dev.flexgen.chat.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.flexgen.chat.Checkout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher script in a small world: an unpacked release in a folder with a space in its name, JDKs whose
 * {@code java} prints its arguments, and none of this machine's own folders.
 */
class LauncherTest {

    @TempDir
    Path world;

    private Path launcher;
    private final Map<String, String> environment = new HashMap<>();

    @BeforeEach
    void unpack() throws IOException {
        Optional<Path> root = Checkout.root();
        assumeThat(root).as("the launcher is found in a checkout only").isPresent();
        launcher = world.resolve("my apps/flexgen-chat");
        Files.createDirectories(world.resolve("my apps/lib"));
        Files.createFile(world.resolve("my apps/lib/flexgen-chat-app-1.2.jar"));
        String script = Files.readString(root.orElseThrow().resolve("flexgen-chat"));
        for (String folder : List.of("/usr/lib/jvm/", "/opt/", "/Library/Java/JavaVirtualMachines/")) {
            assertThat(script).contains(folder);
            script = script.replace(" " + folder, " \"" + world + "\"" + folder);
        }
        executable(launcher, script);
        Files.createDirectories(world.resolve("bin"));
        for (String tool : List.of("dirname", "readlink", "cksum", "mkdir", "find", "rm")) {
            Path place = Path.of("/usr/bin", tool);
            Path real = Files.exists(place) ? place : Path.of("/bin", tool);
            executable(world.resolve("bin").resolve(tool), "#!/bin/sh\nexec " + real + " \"$@\"\n");
        }
        environment.put("PATH", world.resolve("bin").toString());
        environment.put("HOME", world.resolve("home").toString());
    }

    @Test
    void withoutAJdkItAnswers69AndSaysWhatToDo() throws Exception {
        var program = launch(launcher);

        assertThat(program.exitCode()).isEqualTo(69);
        assertThat(program.out()).isEmpty();
        assertThat(program.err())
                .startsWith("flexgen-chat: needs a JDK 25, but none was found")
                .hasLineCount(1);
    }

    @Test
    void withAnOlderJdkItNamesWhatItFound() throws Exception {
        jdk("usr/lib/jvm/old", "17.0.15");

        var program = launch(launcher);

        assertThat(program.exitCode()).isEqualTo(69);
        assertThat(program.err()).contains("usr/lib/jvm/old is a JDK 17.0.15").hasLineCount(1);
    }

    @Test
    void anExplicitJdkThatIsTooOldIsNotPassedOver() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        environment.put("FLEXGEN_JAVA_HOME", jdk("chosen", "21.0.2").toString());

        var program = launch(launcher);

        assertThat(program.exitCode()).isEqualTo(69);
        assertThat(program.err()).contains("FLEXGEN_JAVA_HOME", "is a JDK 21.0.2");
    }

    @Test
    void passesArgumentsOnAsTheyAre() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");

        var program = launch(launcher, "generate", "--prompt", "it's  \"quoted\" $HOME", "");

        assertThat(program.exitCode()).isZero();
        assertThat(program.err()).isEmpty();
        assertThat(program.out())
                .contains("[-jar][" + world.toRealPath() + "/my apps/lib/flexgen-chat-app-1.2.jar]")
                .endsWith("[generate][--prompt][it's  \"quoted\" $HOME][]\n");
    }

    @Test
    void worksThroughAChainOfSymbolicLinks() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        Path absolute = Files.createSymbolicLink(world.resolve("absolute"), launcher);
        Files.createDirectories(world.resolve("else where"));
        Path relative = Files.createSymbolicLink(
                world.resolve("else where/relative"), Path.of("..").resolve(absolute.getFileName()));

        assertThat(launch(relative, "hello").out()).contains("/my apps/lib/").endsWith("[hello]\n");
    }

    @Test
    void prefersExactly25AndOtherwiseTakesALaterOneWithTheDocumentedFlag() throws Exception {
        environment.put("JAVA_HOME", jdk("later", "26").toString());

        assertThat(launch(launcher).out()).startsWith("later").contains("[--add-modules][jdk.incubator.vector]");

        jdk("usr/lib/jvm/new", "25.0.1");
        assertThat(launch(launcher).out()).startsWith("new").doesNotContain("--add-modules");
    }

    @Test
    void findsTheJdkBehindALinkOnThePath() throws Exception {
        Path jdk = jdk("somewhere/jdk", "25.0.1");
        Files.createSymbolicLink(world.resolve("bin/java"), jdk.resolve("bin/java"));

        assertThat(launch(launcher).out()).startsWith("jdk");
    }

    @Test
    void aBundledRuntimeComesFirst() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        jdk("my apps/runtime", "25");

        assertThat(launch(launcher).out()).startsWith("runtime");
    }

    @Test
    void keepsClassDataInTheCacheAndDoesWithoutWhereThereIsNone() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        environment.put("XDG_CACHE_HOME", world.resolve("cache").toString());
        String archive = "[-XX:SharedArchiveFile="
                + world.resolve("cache/flexgen-chat/cds/flexgen-chat-app-1.2.jar-25.0.1-") + "\\d+-%s.jsa]";
        assertThat(launch(launcher, "-m", "x").out())
                .contains("[-XX:+AutoCreateSharedArchive]")
                .containsPattern(archive.replace("[", "\\[").formatted("chat"));
        assertThat(launch(launcher, "--version").out())
                .contains("[-XX:-AutoCreateSharedArchive]")
                .containsPattern(archive.replace("[", "\\[").formatted("generate"));

        Path file = Files.createFile(world.resolve("file"));
        environment.put("XDG_CACHE_HOME", file.toString());
        var program = launch(launcher, "hello");
        assertThat(program.out()).doesNotContain("SharedArchiveFile").endsWith("[hello]\n");
        assertThat(program.err()).isEmpty();
    }

    @Test
    void theUsersJavaOptionsComeLast() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        environment.put("FLEXGEN_JAVA_OPTS", "-Xmx2g -Dx=y");

        assertThat(launch(launcher).out()).contains("[-Xmx2g][-Dx=y]");
    }

    @Test
    void aReleaseWithoutItsJarsSaysSo() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        Files.delete(world.resolve("my apps/lib/flexgen-chat-app-1.2.jar"));

        var program = launch(launcher);

        assertThat(program.exitCode()).isEqualTo(1);
        assertThat(program.err()).contains("unpack the release archive again").hasLineCount(1);
    }

    private Program launch(Path script, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("/bin/sh", script.toString()));
        command.addAll(List.of(arguments));
        return Program.run(world, environment, "", command);
    }

    /** A folder that looks like a JDK; its {@code java} prints the folder's name and its arguments in brackets. */
    private Path jdk(String folder, String version) throws IOException {
        Path home = world.resolve(folder);
        Files.createDirectories(home.resolve("bin"));
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"Nobody\"\nJAVA_VERSION=\"" + version + "\"\n");
        executable(home.resolve("bin/java"), """
                #!/bin/sh
                printf %s '""" + home.getFileName() + """
                '
                for argument in "$@"; do printf '[%s]' "$argument"; done
                echo
                """);
        return home;
    }

    private static void executable(Path file, String content) throws IOException {
        Files.writeString(file, content);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }
}
