package dev.flexgen.hub;

/** Hears how a pull goes. */
@FunctionalInterface
public interface PullListener {

    /** Called from the pull's threads, never by two at a time; must return soon. */
    void on(PullEvent event);
}
