package dev.flexgen.chat.roles;

import dev.flexgen.chat.CommandException;
import dev.flexgen.config.ConfigException;
import dev.flexgen.config.NearestName;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.Settings;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The roles in a folder: {@code NAME.md} each, text that the model is told, with settings between two lines {@code ---} before it if
 * there are any. Looks at the files each time, since users edit them.
 *
 * @param folder need not exist
 * @param allowed the settings that a role may have
 */
public record Roles(Path folder, List<Setting<?>> allowed) {

    private static final String SUFFIX = ".md";
    private static final String FENCE = "---";
    private static final long MOST_BYTES = 1 << 20;
    private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}_][\\p{L}\\p{N}_.-]{0,63}");

    /** What a new role's file begins with. */
    public static final String TEMPLATE = "---\n# temperature: 0.7\n---\n";

    /** The names, sorted. */
    public List<String> names() {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
            for (Path file : files) {
                String its = file.getFileName().toString();
                String name = its.substring(0, its.length() - SUFFIX.length());
                if (NAME.matcher(name).matches()) {
                    names.add(name);
                }
            }
        } catch (IOException none) {
            return List.of(); // there is no folder yet, or nobody may look
        }
        names.sort(null);
        return names;
    }

    /** Its file, which need not exist; {@link CommandException} if there can be none of this name. */
    public Path file(String name) {
        if (!NAME.matcher(name).matches()) {
            throw CommandException.usage(
                    "a role's name has letters, digits, '.', '-' and '_' only, not '" + name + "'");
        }
        return folder.resolve(name + SUFFIX);
    }

    /**
     * Reads one.
     *
     * @param base settings to check its own with
     * @throws CommandException with one sentence if it cannot be used
     */
    public Role read(String name, Settings base) {
        Path file = file(name);
        List<String> lines = lines(name, file);
        boolean fenced = !lines.isEmpty() && lines.getFirst().strip().equals(FENCE);
        int end = fenced ? end(lines) : -1;
        if (fenced && end < 0) {
            throw CommandException.usage("the role '" + name + "' cannot be used: in " + file
                    + " the settings that begin with --- do not end with one");
        }
        Map<Setting<?>, String> settings = new LinkedHashMap<>();
        for (int i = 1; i < end; i++) {
            String line = lines.get(i).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                put(settings, line, name, file + " line " + (i + 1), base);
            }
        }
        String text = String.join("\n", lines.subList(end + 1, lines.size())).strip();
        return new Role(name, settings, text);
    }

    private static int end(List<String> lines) {
        for (int i = 1; i < lines.size(); i++) {
            if (lines.get(i).strip().equals(FENCE)) {
                return i;
            }
        }
        return -1;
    }

    private List<String> lines(String name, Path file) {
        try {
            if (Files.size(file) > MOST_BYTES) {
                throw CommandException.usage(
                        "the role '" + name + "' cannot be used: " + file + " has more than 1 MiB");
            }
            return Files.readAllLines(file);
        } catch (NoSuchFileException e) {
            throw CommandException.usage("there is no role '" + name + "'"
                    + NearestName.of(name, names())
                            .map(near -> "; did you mean " + near + "?")
                            .orElse("; it would be the file " + file));
        } catch (CharacterCodingException e) {
            throw CommandException.usage("the role '" + name + "' cannot be used: " + file + " is no UTF-8 text");
        } catch (IOException e) {
            throw CommandException.usage(
                    "the role '" + name + "' cannot be used: " + file + " cannot be read (" + e.getMessage() + ")");
        }
    }

    private void put(Map<Setting<?>, String> settings, String line, String role, String where, Settings base) {
        String[] pair = line.split("\\s*[:=]\\s*", 2);
        Optional<Setting<?>> setting =
                allowed.stream().filter(it -> it.name().equals(pair[0])).findFirst();
        String problem = "the role '" + role + "' cannot be used: in " + where + ", ";
        if (setting.isEmpty()) {
            throw CommandException.usage(problem + "'" + pair[0] + "' is no setting of replies"
                    + NearestName.of(
                                    pair[0], allowed.stream().map(Setting::name).toList())
                            .map(near -> "; did you mean " + near + "?")
                            .orElse(""));
        }
        if (pair.length < 2) {
            throw CommandException.usage(problem + pair[0] + " has no value; write " + pair[0] + ": VALUE");
        }
        try {
            var _ = base.with(setting.get(), pair[1], new SettingSource.Role(role));
        } catch (ConfigException e) {
            throw CommandException.usage(
                    problem + pair[0] + " must be " + setting.get().allowed() + ", not '" + pair[1] + "'");
        }
        settings.put(setting.get(), pair[1]);
    }
}
