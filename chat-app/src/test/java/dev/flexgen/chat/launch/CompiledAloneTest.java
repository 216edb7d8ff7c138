package dev.flexgen.chat.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The launcher names loops that the compiler must not inline; Java says nothing about names that are not there. */
class CompiledAloneTest {

    private static final Pattern LIST =
            Pattern.compile("for loop in (.+); do\n +flags=.*dontinline,([\\w.]+)\\.\\$loop");

    @Test
    void everyLoopThatTheLauncherNamesIsThere() throws Exception {
        var list = LIST.matcher(Files.readString(Path.of("..", "flexgen-chat")));
        assertThat(list.find()).isTrue();
        List<String> loops = List.of(list.group(1).split(" ", -1));
        assertThat(loops).isNotEmpty();
        for (String loop : loops) {
            String[] names = loop.split("::", -1);
            Class<?> kernel = Class.forName(list.group(2) + "." + names[0]);
            assertThat(Arrays.stream(kernel.getDeclaredMethods()).map(Method::getName))
                    .contains(names[1]);
        }
    }
}
