package dev.flexgen.chat.wizard;

import dev.flexgen.chat.machine.MachineReport;
import dev.flexgen.chat.pull.Bar;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What the wizard knows and does not decide.
 *
 * @param purpose why it was started
 * @param bar what progress is drawn with
 * @param defaultStore the folder of Hugging Face's tools
 * @param storeFreeBytes free where models are kept
 * @param machine empty while it is measured
 * @param choices models that run, those that fit first; empty while the machine is measured
 */
public record Facts(
        Purpose purpose,
        Bar bar,
        Path configFile,
        Path defaultStore,
        long storeFreeBytes,
        Optional<MachineReport> machine,
        List<Choice> choices) {

    /** Why the wizard was started. */
    public enum Purpose {
        /** By itself, because nothing is set up yet: it must be easy to pass by. */
        FIRST_RUN,
        /** Asked for. */
        SETUP
    }

    public Facts {
        choices = List.copyOf(choices);
    }

    /** Before anything was looked at. */
    public static Facts before(Purpose purpose, Bar bar, Path configFile, Path defaultStore) {
        return new Facts(purpose, bar, configFile, defaultStore, 0, Optional.empty(), List.of());
    }

    Facts with(MachineReport seen, List<Choice> models, long freeBytes) {
        return new Facts(purpose, bar, configFile, defaultStore, freeBytes, Optional.of(seen), models);
    }
}
