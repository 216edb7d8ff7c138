package dev.flexgen.chat.setup;

import dev.flexgen.chat.Wiring;
import dev.flexgen.config.ConfigUpdate;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.SettingTable;
import dev.flexgen.config.Settings;
import java.util.List;

/** Limits on memory, and the folder for weights on disk, that were given to setup as options: they hold for the chat too. */
public final class KeptLimits {

    /** Which settings these are. */
    public static final List<Setting<?>> ALL =
            List.of(SettingTable.GPUS, SettingTable.GPU_MEMORY, SettingTable.CPU_MEMORY, SettingTable.DISK_DIR);

    private KeptLimits() {}

    /** Writes those that were options of this call; a folder as an absolute path. */
    public static void add(ConfigUpdate update, Wiring wiring, Settings settings) {
        for (Setting<?> setting : ALL) {
            if (settings.source(setting) instanceof SettingSource.Flag) {
                String text = settings.text(setting);
                boolean folder = setting.equals(SettingTable.DISK_DIR) && !text.isEmpty();
                update.set(
                        setting,
                        folder ? wiring.environment().expandedPath(text).toString() : text);
            }
        }
    }
}
