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
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher script in a small world: an unpacked release in a folder with a space in its name, JDKs whose
 * {@code java} prints its arguments, and none of this machine's own folders.
 */
abstract class LauncherWorld {

    @TempDir
    Path world;

    Path launcher;
    final Map<String, String> environment = new HashMap<>();

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
        for (String tool : List.of(
                "dirname",
                "readlink",
                "cksum",
                "mkdir",
                "find",
                "rm",
                "id",
                "ls",
                "grep",
                "sed",
                "mv",
                "sh",
                "renice",
                "sleep",
                "cat")) {
            Path place = Path.of("/usr/bin", tool);
            Path real = Files.exists(place) ? place : Path.of("/bin", tool);
            executable(world.resolve("bin").resolve(tool), "#!/bin/sh\nexec " + real + " \"$@\"\n");
        }
        environment.put("PATH", world.resolve("bin").toString());
        environment.put("HOME", world.resolve("home").toString());
        environment.put("FLEXGEN_CLASS_DATA", "off"); // a test says when it is made
    }

    Program launch(Path script, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("/bin/sh", script.toString()));
        command.addAll(List.of(arguments));
        return Program.run(world, environment, "", command);
    }

    /** A folder that looks like a JDK; its {@code java} prints the folder's name and its arguments in brackets. */
    Path jdk(String folder, String version) throws IOException {
        Path home = world.resolve(folder);
        Files.createDirectories(home.resolve("bin"));
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"Nobody\"\nJAVA_VERSION=\"" + version + "\"\n");
        executable(home.resolve("bin/java"), """
            #!/bin/sh
            world='\
            """ + world + """
            '
            case " $* " in *' -XX:DumpLoadedClassList='* | *' -Xshare:dump '* | *' -Xshare:on '*)
              printf '%s\n' "options=${JAVA_TOOL_OPTIONS:-} gpus=${CUDA_VISIBLE_DEVICES:-} $*" >>"$world/made" ;;
            esac
            for argument in "$@"; do
              case $argument in
                -XX:DumpLoadedClassList=*)
                  printf '%s\n' 'java/lang/Object id: 7' 'jdk/incubator/vector/Vector id: 8' \
                    'a/Custom id: 9 super: 7 source: x.jar' '@lambda-proxy a/B run' >"${argument#*=}"
                  case " $* " in *' plan '*) [ ! -f "$world/limited" ]; exit ;; esac
                  [ ! -f "$world/short" ]; exit ;;
                -XX:SharedClassListFile=*) cat "${argument#*=}" >"$world/classes" ;;
              esac
            done
            case " $* " in
              *' -Xshare:dump '*)
                for argument in "$@"; do
                  case $argument in -XX:SharedArchiveFile=*) echo 'class data' >"${argument#*=}" ;; esac
                done
                [ ! -f "$world/full" ]; exit ;;
              *' -Xshare:on '*) [ ! -f "$world/damaged" ]; exit ;;
            esac
            printf %s "${LC_ALL:-}" >"$world/locale"
            printf %s "gpus=${CUDA_VISIBLE_DEVICES:-} ${JAVA_TOOL_OPTIONS:-}" >"$world/started"
            printf %s '\
            """ + home.getFileName() + """
            '
            for argument in "$@"; do printf '[%s]' "$argument"; done
            echo
            """);
        return home;
    }

    static void executable(Path file, String content) throws IOException {
        Files.writeString(file, content);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }
}
