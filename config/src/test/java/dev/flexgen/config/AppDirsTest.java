package dev.flexgen.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AppDirsTest {

    private static AppDirs dirs(Map<String, String> variables) {
        return AppDirs.of(new Environment(variables, Path.of("/home/ada"), Path.of("/place")));
    }

    @Test
    void followTheXdgDefaultsBelowHome() {
        assertThat(dirs(Map.of()))
                .isEqualTo(new AppDirs(
                        Path.of("/home/ada/.config/flexgen-chat"),
                        Path.of("/home/ada/.local/share/flexgen-chat"),
                        Path.of("/home/ada/.local/state/flexgen-chat"),
                        Path.of("/home/ada/.cache/flexgen-chat")));
    }

    @Test
    void followTheXdgVariables() {
        AppDirs dirs = dirs(
                Map.of("XDG_CONFIG_HOME", "/c", "XDG_DATA_HOME", "/d", "XDG_STATE_HOME", "/s", "XDG_CACHE_HOME", "/t"));

        assertThat(dirs)
                .isEqualTo(new AppDirs(
                        Path.of("/c/flexgen-chat"),
                        Path.of("/d/flexgen-chat"),
                        Path.of("/s/flexgen-chat"),
                        Path.of("/t/flexgen-chat")));
        assertThat(dirs.configFile()).isEqualTo(Path.of("/c/flexgen-chat/config.json"));
    }

    @Test
    void ignoreRelativeEmptyAndImpossibleValues() {
        assertThat(dirs(Map.of("XDG_CONFIG_HOME", "c", "XDG_DATA_HOME", "", "XDG_CACHE_HOME", "/a\0b")))
                .isEqualTo(dirs(Map.of()));
    }
}
