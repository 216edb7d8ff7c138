package dev.flexgen.chat;

/**
 * Loads the incubating Vector API into the running JVM. {@code --add-modules jdk.incubator.vector} would do the same but
 * prints a warning at every start and disables the JDK's archived module graph. The method used here is the JDK's own way
 * to add one of its modules late (it serves agents); the module gets its usual, trusted loader, so the compiler
 * treats it the same. It needs the jar's {@code Add-Exports: java.base/jdk.internal.module}.
 */
public final class VectorModule {

    private static final String NAME = "jdk.incubator.vector";

    private VectorModule() {}

    /**
     * Makes the Vector API visible where this JDK allows it. Where it does not, opening a machine fails with a sentence that says
     * what to do.
     */
    public static void load() {
        if (ModuleLayer.boot().findModule(NAME).isPresent()) {
            return;
        }
        try {
            Class.forName("jdk.internal.module.Modules")
                    .getMethod("loadModule", String.class)
                    .invoke(null, NAME);
        } catch (ReflectiveOperationException | LinkageError e) {
            // not in this JDK: whoever computes finds out and says so
        }
    }
}
