package dev.flexgen.chat.wizard;

import dev.flexgen.chat.machine.MachineReport;
import dev.flexgen.chat.pull.PullState;
import java.util.List;

/** What came of an {@link Effect}. A problem is a sentence for the user, empty if there is none. */
public sealed interface WizardEvent {

    /** The machine was looked at. */
    record Looked(MachineReport machine, List<Choice> choices, long storeFreeBytes) implements WizardEvent {}

    /** A place for models was looked at; {@code store} is empty for the default one, else an absolute path. */
    record StoreChecked(String store, String problem) implements WizardEvent {}

    /** A folder was looked into; {@code folder} is its absolute path. */
    record FolderChecked(String folder, String problem) implements WizardEvent {}

    /** The settings file as it would be. */
    record Previewed(String content, String problem) implements WizardEvent {}

    /** The settings file was written. */
    record Saved(String problem) implements WizardEvent {}

    /** The download is further. */
    record PullMoved(PullState state) implements WizardEvent {}

    /** All files are here. */
    record PullDone() implements WizardEvent {}

    /** It was stopped on request. */
    record PullStopped() implements WizardEvent {}

    /** It came to an end before the end. */
    record PullFailed(String problem) implements WizardEvent {}
}
