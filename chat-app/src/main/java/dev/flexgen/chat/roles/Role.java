package dev.flexgen.chat.roles;

import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import java.util.Map;

/**
 * A kind of conversation.
 *
 * @param settings of replies, as text that was checked
 * @param systemText blank for the model's own layout
 */
public record Role(String name, Map<Setting<?>, String> settings, String systemText) {

    public Role {
        settings = Map.copyOf(settings);
    }

    /** The settings under this role; what the command line or a saved session says stays. */
    public Settings over(Settings before) {
        Settings after = before;
        for (Map.Entry<Setting<?>, String> entry : settings.entrySet()) {
            after = unlessSaid(after, entry.getKey(), entry.getValue());
        }
        return systemText.isBlank() ? after : unlessSaid(after, SettingTable.SYSTEM, systemText);
    }

    private Settings unlessSaid(Settings before, Setting<?> setting, String value) {
        SettingSource source = before.source(setting);
        boolean said = source instanceof SettingSource.Flag || source instanceof SettingSource.SavedSession;
        return said ? before : before.with(setting, value, new SettingSource.Role(name));
    }
}
