package dev.flexgen.chat.cli;

import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import java.util.List;
import java.util.stream.Stream;

/** The settings of every command that opens a model. */
final class ModelSettings {

    /** How a model computes, whichever it is. */
    static final List<Setting<?>> COMPUTING = List.of(
            SettingTable.DEVICE,
            SettingTable.GPU_MEMORY,
            SettingTable.CPU_MEMORY,
            SettingTable.DISK_DIR,
            SettingTable.THREADS,
            SettingTable.CONTEXT,
            SettingTable.KV);

    /** Which model, and how it computes. */
    static final List<Setting<?>> ALL = Stream.concat(Stream.of(SettingTable.MODEL), COMPUTING.stream())
            .<Setting<?>>map(setting -> setting)
            .toList();

    private ModelSettings() {}
}
