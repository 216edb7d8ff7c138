package dev.flexgen.chat.roles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.repl.TestSetup;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RolesTest {

    @TempDir
    private Path folder;

    private Roles roles;

    @BeforeEach
    void inTheFolder() {
        roles = new Roles(folder, List.of(SettingTable.TEMPERATURE, SettingTable.SEED));
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name + ".md"), text);
    }

    private static Settings given(Map<String, String> flags) {
        return TestSetup.settings(flags);
    }

    @Test
    void aRoleHasSettingsAndASystemTextAndTheCommandLineComesFirst() throws IOException {
        write("pirate", "---\n# how wild\ntemperature: 1.2\n\nseed=7\n---\n\nYou are a pirate.\nArr.\n");
        Role role = roles.read("pirate", given(Map.of()));
        Settings settings = role.over(given(Map.of("seed", "3")));
        assertThat(settings.get(SettingTable.TEMPERATURE)).isEqualTo(1.2);
        assertThat(settings.get(SettingTable.SEED)).hasValue(3);
        assertThat(settings.get(SettingTable.SYSTEM)).isEqualTo("You are a pirate.\nArr.");
        assertThat(settings.source(SettingTable.TEMPERATURE).describe()).isEqualTo("the role pirate");
    }

    @Test
    void textAloneIsARoleToo() throws IOException {
        write("short", "Answer in one sentence.");
        assertThat(roles.read("short", given(Map.of())).systemText()).isEqualTo("Answer in one sentence.");
        write("empty", "");
        assertThat(roles.read("empty", given(Map.of())).systemText()).isEmpty();
    }

    @Test
    void theFolderIsListed() throws IOException {
        assertThat(new Roles(folder.resolve("none"), List.of()).names()).isEmpty();
        write("b", "x");
        write("a", "x");
        write(".hidden", "x");
        Files.writeString(folder.resolve("notes.txt"), "x");
        assertThat(roles.names()).containsExactly("a", "b");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '#', textBlock = """
                    ---|temperature: hot|---        # temperature must be a number from 0 to 10, not 'hot'
                    ---|temprature: 1|---           # 'temprature' is no setting of replies; did you mean temperature?
                    ---|temperature|---             # temperature has no value; write temperature: VALUE
                    ---|temperature: 1              # the settings that begin with --- do not end with one
                    """)
    void aBadFileIsOneSentence(String text, String sentence) throws IOException {
        Path file = write("bad", text.replace('|', '\n'));
        assertThatThrownBy(() -> roles.read("bad", given(Map.of())))
                .isInstanceOf(CommandException.class)
                .hasMessageStartingWith("the role 'bad' cannot be used: in " + file)
                .hasMessageEndingWith(sentence.strip())
                .message()
                .doesNotContain("\n");
    }

    @Test
    void whatIsNoTextOrNotThereIsOneSentence() throws IOException {
        Files.write(folder.resolve("latin.md"), new byte[] {(byte) 0xe9, (byte) 0xff});
        assertThatThrownBy(() -> roles.read("latin", given(Map.of()))).hasMessageContaining("is no UTF-8 text");
        write("pirate", "x");
        assertThatThrownBy(() -> roles.read("pirat", given(Map.of())))
                .hasMessage("there is no role 'pirat'; did you mean pirate?");
        assertThatThrownBy(() -> roles.read("../x", given(Map.of()))).hasMessageContaining("a role's name has");
    }
}
