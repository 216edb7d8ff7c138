package dev.flexgen.chat.machine;

/** Looks at the machine, as models would be opened on it. */
@FunctionalInterface
public interface MachineProbe {

    /** Takes a second or two, because it measures. */
    MachineReport look();
}
