package dev.flexgen.chat.cli;

import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import java.util.List;

/** The settings of every command that opens a model. */
final class ModelSettings {

    /** How a model computes, whichever it is. */
    static final List<Setting<?>> COMPUTING =
            List.of(SettingTable.DEVICE, SettingTable.THREADS, SettingTable.CONTEXT, SettingTable.KV);

    /** Which model, and how it computes. */
    static final List<Setting<?>> ALL = List.of(
            SettingTable.MODEL, SettingTable.DEVICE, SettingTable.THREADS, SettingTable.CONTEXT, SettingTable.KV);

    private ModelSettings() {}
}
