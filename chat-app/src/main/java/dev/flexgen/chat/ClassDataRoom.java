package dev.flexgen.chat;

import java.io.File;
import org.jspecify.annotations.Nullable;

/**
 * Room on the disk that the launcher has set aside for the class data of a first run, because the JVM ends with an error where
 * it cannot write all of it. The JVM writes after the last shutdown hook, so the room is given back in one.
 */
final class ClassDataRoom {

    /** Says which file keeps the room; set by the launcher. */
    private static final String PROPERTY = "flexgen.room";

    private final @Nullable File file;

    private ClassDataRoom(@Nullable File file) {
        this.file = file;
    }

    static ClassDataRoom ofProcess() {
        String path = System.getProperty(PROPERTY);
        return new ClassDataRoom(path == null ? null : new File(path));
    }

    /** Whichever way the process ends, short of a crash; after that the next run gives it back. */
    void giveBackAtExit() {
        if (file != null) {
            file.deleteOnExit(); // a path that is gone by then is no failure
        }
    }
}
