package dev.flexgen.chat.sessions;

import dev.flexgen.chat.CommandException;
import dev.flexgen.config.PlainText;
import java.util.regex.Pattern;

/** What a session may be called: its name is that of its file. */
final class SessionNames {

    private static final Pattern ALLOWED = Pattern.compile("[\\p{L}\\p{N}_][\\p{L}\\p{N}_. -]{0,59}");

    private SessionNames() {}

    /** The name, if it is one; {@link CommandException} says what is allowed. */
    static String checked(String name) {
        if (!isAllowed(name)) {
            throw CommandException.usage(
                    "'" + PlainText.excerpt(name) + "' cannot be the name of a session; use up to 60"
                            + " letters, digits, spaces and . _ - beginning with a letter or digit");
        }
        return name;
    }

    static boolean isAllowed(String name) {
        return ALLOWED.matcher(name).matches() && !name.endsWith(" ");
    }
}
