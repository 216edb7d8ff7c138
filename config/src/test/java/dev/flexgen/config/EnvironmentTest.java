package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvironmentTest {

    private final Environment environment = new Environment(
            Map.of("STORE", "/big/store", "EMPTY", "", "TILDE", "~", "MONEY", "$STORE"),
            Path.of("/home/ada"),
            Path.of("/place"));

    @Test
    void variableSetToNothingCountsAsNotSet() {
        assertThat(environment.variable("EMPTY")).isEmpty();
        assertThat(environment.variable("OTHER")).isEmpty();
        assertThat(environment.variable("STORE")).contains("/big/store");
    }

    @Test
    void pathsStartInTheWorkingDirectoryOrAtHome() {
        assertThat(environment.path("models/../opt")).isEqualTo(Path.of("/place/opt"));
        assertThat(environment.path("/opt")).isEqualTo(Path.of("/opt"));
        assertThat(environment.path("~")).isEqualTo(Path.of("/home/ada"));
        assertThat(environment.path("~/opt")).isEqualTo(Path.of("/home/ada/opt"));
        assertThat(environment.path("~opt/$STORE")).isEqualTo(Path.of("/place/~opt/$STORE"));
    }

    @Test
    void expandsVariablesOnceAndLeavesUnknownOnes() {
        assertThat(environment.expandedPath("$STORE/a")).isEqualTo(Path.of("/big/store/a"));
        assertThat(environment.expandedPath("/x/${STORE}")).isEqualTo(Path.of("/x/big/store"));
        assertThat(environment.expandedPath("/x/$NONE/${NONE}")).isEqualTo(Path.of("/x/$NONE/${NONE}"));
        assertThat(environment.expandedPath("/x/$MONEY")).isEqualTo(Path.of("/x/$STORE"));
        assertThat(environment.expandedPath("$TILDE/x")).isEqualTo(Path.of("/place/~/x"));
    }

    @Test
    void saysWhatIsNoPath() {
        assertThatThrownBy(() -> environment.path("a\0b"))
                .isInstanceOf(ConfigException.class)
                .hasMessage("\"a\\u0000b\" is not a path: Nul character not allowed.");
    }

    @Test
    void theRealOneIsAbsolute() {
        assertThat(Environment.current().home()).isAbsolute();
        assertThat(Environment.current().workingDirectory()).isAbsolute();
    }
}
