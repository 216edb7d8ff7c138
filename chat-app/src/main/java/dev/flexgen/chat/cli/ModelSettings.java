package dev.flexgen.chat.cli;

import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import java.util.List;
import java.util.stream.Stream;

/** The settings of every command that opens a model. */
final class ModelSettings {

    /** Where a model is looked for, and what decides whether it fits. */
    static final List<Setting<?>> FITTING = List.of(
            SettingTable.STORE,
            SettingTable.DEVICE,
            SettingTable.GPUS,
            SettingTable.GPU_MEMORY,
            SettingTable.CPU_MEMORY,
            SettingTable.DISK_DIR,
            SettingTable.CONTEXT,
            SettingTable.WEIGHTS,
            SettingTable.KV);

    /** Where a model is looked for and how it computes, whichever it is. */
    static final List<Setting<?>> MEASURED = List.of(
            SettingTable.STORE,
            SettingTable.DEVICE,
            SettingTable.GPUS,
            SettingTable.GPU_MEMORY,
            SettingTable.CPU_MEMORY,
            SettingTable.DISK_DIR,
            SettingTable.THREADS,
            SettingTable.CONTEXT,
            SettingTable.WEIGHTS,
            SettingTable.KV);

    /** The same with the model as an option too, beside the argument that names it. */
    static final List<Setting<?>> BENCHED = Stream.<Setting<?>>concat(Stream.of(SettingTable.MODEL), MEASURED.stream())
            .toList();

    /** The same with what drafts. */
    static final List<Setting<?>> DRAFTED =
            Stream.concat(BENCHED.stream(), Stream.of(SettingTable.DRAFT)).toList();

    /** Which model, and how it computes. */
    static final List<Setting<?>> ALL = Stream.<Setting<?>>concat(
                    Stream.of(SettingTable.MODEL, SettingTable.RANDOM_WEIGHTS), MEASURED.stream())
            .toList();

    /** The same, and what drafts replies. */
    static final List<Setting<?>> REPLYING =
            Stream.concat(ALL.stream(), Stream.of(SettingTable.DRAFT)).toList();

    private ModelSettings() {}
}
