package dev.flexgen.chat.machine;

/** Looks at the machine. */
@FunctionalInterface
public interface MachineProbe {

    /** Takes about a second, because it measures. */
    MachineReport look();
}
