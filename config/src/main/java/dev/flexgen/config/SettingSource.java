package dev.flexgen.config;

import java.nio.file.Path;

/** Where a setting's value came from. */
public sealed interface SettingSource {

    /** For messages and listings: {@code --threads}, {@code FLEXGEN_THREADS}. */
    String describe();

    /** Nobody set it. */
    record Default() implements SettingSource {
        @Override
        public String describe() {
            return "the default";
        }
    }

    /**
     * A line of the settings file.
     *
     * @param line counted from 1
     */
    record File(Path path, int line) implements SettingSource {
        @Override
        public String describe() {
            return path + " (line " + line + ")";
        }
    }

    /** The environment variable of this name. */
    record Variable(String name) implements SettingSource {
        @Override
        public String describe() {
            return "the environment variable " + name;
        }
    }

    /** A flag on the command line, with its dashes. */
    record Flag(String flag) implements SettingSource {
        @Override
        public String describe() {
            return flag;
        }
    }

    /** Something the user said in the chat itself. */
    record Chat() implements SettingSource {
        @Override
        public String describe() {
            return "this chat";
        }
    }

    /** A role, which the user has chosen. */
    record Role(String name) implements SettingSource {
        @Override
        public String describe() {
            return "the role " + name;
        }
    }

    /** A saved conversation, which goes on as it was. */
    record SavedSession(String name) implements SettingSource {
        @Override
        public String describe() {
            return "the session " + name;
        }
    }
}
