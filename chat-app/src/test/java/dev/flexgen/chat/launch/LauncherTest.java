package dev.flexgen.chat.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which JDK the launcher takes, and how it starts it. */
class LauncherTest extends LauncherWorld {

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

        assertThat(launch(launcher).out()).startsWith("later").contains("[--add-modules=jdk.incubator.vector]");

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
    void aLocaleThatIsNotInstalledIsReplaced() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        executable(world.resolve("bin/locale"), """
            #!/bin/sh
            case $1 in
              charmap)
                case ${LC_ALL:-$LANG} in
                  C.UTF-8) echo UTF-8 ;;
                  de_DE) echo ISO-8859-1 ;;
                  *) echo ANSI_X3.4-1968; echo 'locale: Cannot set LC_CTYPE to default locale' >&2 ;;
                esac ;;
            esac
            """);
        for (String missing : List.of("en_US.UTF-8", "xx_YY", "C", "POSIX", "")) {
            environment.put("LANG", missing);
            assertThat(launch(launcher).err()).isEmpty();
            assertThat(world.resolve("locale")).as(missing).hasContent("C.UTF-8");
        }
        environment.put("LANG", "de_DE");
        launch(launcher);
        assertThat(world.resolve("locale")).hasContent("");
    }

    @Test
    void theUsersChoiceOfCollectorOrClassDataIsNotContradicted() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        environment.put("XDG_CACHE_HOME", world.resolve("cache").toString());
        environment.put("FLEXGEN_CLASS_DATA", "now");
        assertThat(launch(launcher).out()).contains("[-XX:+UseSerialGC]", "SharedArchiveFile");
        for (String variable : List.of("FLEXGEN_JAVA_OPTS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")) {
            environment.put(variable, "-Xmx1g -XX:+UseParallelGC");
            assertThat(launch(launcher).out())
                    .as(variable)
                    .doesNotContain("UseSerialGC")
                    .contains("SharedArchiveFile");
            for (String untouched : List.of("-Xshare:off", "-XX:AOTCache=x", "@options")) {
                environment.put(variable, untouched);
                assertThat(launch(launcher).out()).as(variable).doesNotContain("SharedArchiveFile");
            }
            environment.remove(variable);
        }
        try (var files = Files.list(world.resolve("cache/flexgen-chat/cds"))) {
            assertThat(files.filter(file -> file.toString().endsWith(".jsa"))).hasSize(2); // one for each collector
        }
    }

    @Test
    void anAddressSpaceLimitIsSharedOutOrNamed() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        assertThat(limited("-v 2000000").out()).contains("[-Xmx500000k]", "[-XX:CompressedClassSpaceSize=64m]");
        assertThat(limited("-v 100000000").out()).doesNotContain("-Xmx");

        var tooLittle = limited("-v 500000");
        assertThat(tooLittle.exitCode()).isEqualTo(4);
        assertThat(tooLittle.err())
                .contains("limited to 500000 KiB", "ulimit -v")
                .hasLineCount(1);
    }

    @Test
    void tooFewOpenFilesAreNamed() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        assertThat(limited("-n 64").exitCode()).isZero();

        var tooFew = limited("-n 20");
        assertThat(tooFew.exitCode()).isEqualTo(4);
        assertThat(tooFew.err()).contains("may open 20 files", "ulimit -n").hasLineCount(1);
    }

    private Program limited(String limit) throws Exception {
        return Program.run(
                world,
                environment,
                "",
                List.of("/bin/sh", "-c", "ulimit " + limit + " && exec /bin/sh \"$0\"", launcher.toString()));
    }

    @Test
    void aFolderThatJavaCannotNameIsGivenAnotherName() throws Exception {
        assumeThat(Path.of("/proc/self/fd")).exists();
        jdk("usr/lib/jvm/new", "25.0.1");
        for (String name : List.of("2026-11-28T14:00", "a:b/c: d")) {
            Path apps = world.resolve(name);
            Files.createDirectories(apps.resolve("lib"));
            Files.createFile(apps.resolve("lib/flexgen-chat-app-1.2.jar"));
            Path there = Files.copy(launcher, apps.resolve("flexgen-chat"));
            var program = launch(there, "hello");
            assertThat(program.err()).isEmpty();
            assertThat(program.out())
                    .as(name)
                    .contains("[/proc/self/fd/7/lib/flexgen-chat-app-1.2.jar]")
                    .endsWith("[hello]\n");
        }
    }

    @Test
    void aCheckoutThatMavenCannotNameIsNotBuilt() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        Path checkout = world.resolve("2026-11-28T14:00");
        Files.createFile(Files.createDirectories(checkout.resolve("chat-app")).resolve("pom.xml"));
        var program = launch(Files.copy(launcher, checkout.resolve("flexgen-chat")), "hello");
        assertThat(program.exitCode()).isEqualTo(1);
        assertThat(program.err())
                .contains("a colon in its name, " + checkout, "move it elsewhere")
                .hasLineCount(1);
    }

    @Test
    void aFolderThatJavaCannotReadFilesFromIsOneSentence() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        for (String name : List.of("wow!", "a!/b")) {
            Path apps = Files.createDirectories(world.resolve(name));
            var program = launch(Files.copy(launcher, apps.resolve("flexgen-chat")), "hello");
            assertThat(program.exitCode()).as(name).isEqualTo(1);
            assertThat(program.err())
                    .contains("ends with an exclamation mark; move the program")
                    .hasLineCount(1);
        }
    }

    @Test
    void aJdkThatCouldNotFindItsOwnLibrariesIsPassedOver() throws Exception {
        jdk("usr/lib/jvm/a:b", "25.0.1");
        assertThat(launch(launcher).exitCode()).isEqualTo(69);
        jdk("usr/lib/jvm/new", "25.0.1");
        assertThat(launch(launcher).out()).startsWith("new");
    }

    @Test
    void temporaryFilesGoWhereTheUserWantsThem() throws Exception {
        jdk("usr/lib/jvm/new", "25.0.1");
        environment.put("TMPDIR", world.toString());
        assertThat(launch(launcher).out()).contains("[-Djava.io.tmpdir=" + world + "]");
        environment.put("TMPDIR", world.resolve("nowhere").toString());
        assertThat(launch(launcher).out()).doesNotContain("java.io.tmpdir");
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
}
