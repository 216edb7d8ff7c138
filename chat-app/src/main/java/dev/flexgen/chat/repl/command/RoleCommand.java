package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.CommandException;
import dev.flexgen.chat.repl.render.StatusText;
import dev.flexgen.chat.roles.Role;
import dev.flexgen.chat.roles.Roles;
import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingSource;
import dev.flexgen.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Goes on under the settings and the system text of a role, lists the roles, or edits one. */
final class RoleCommand implements SlashCommand {

    private static final String EDIT = "edit";

    @Override
    public String name() {
        return "/role";
    }

    @Override
    public Arguments arguments() {
        return Arguments.OPTIONAL;
    }

    @Override
    public String usage() {
        return "/role [NAME|edit NAME]";
    }

    @Override
    public String summary() {
        return "go on with the settings and the system text of a role; alone, list the roles";
    }

    @Override
    public String details() {
        return "A role is a file NAME.md in the folder that /role shows: settings such as temperature: 0.7 between two lines ---,"
                + " then the text that the model is told. /role edit NAME makes or changes one. --role NAME begins with one.";
    }

    @Override
    public List<Suggestion> complete(List<String> words, CommandContext chat) {
        List<Suggestion> suggestions = new ArrayList<>();
        boolean editing = words.size() == 2 && words.getFirst().equals(EDIT);
        if (words.size() == 1) {
            suggestions.add(Suggestion.of(EDIT, "make or change a role"));
        }
        if (words.size() == 1 || editing) {
            chat.roles().names().forEach(name -> suggestions.add(Suggestion.of(name)));
        }
        return suggestions;
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        String[] words = argument.split("\\s+", 2);
        try {
            if (argument.isEmpty()) {
                chat.remark(list(chat));
            } else if (words[0].equals(EDIT)) {
                edit(words.length > 1 ? words[1] : "", chat);
            } else {
                play(chat.roles().read(argument, chat.settings()), chat);
            }
        } catch (CommandException e) {
            chat.error(sentence(e));
        }
        return Outcome.CONTINUE;
    }

    private static String sentence(CommandException e) {
        String text = String.valueOf(e.getMessage());
        return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1) + ".";
    }

    private static String list(CommandContext chat) {
        Roles roles = chat.roles();
        List<String> lines = new ArrayList<>();
        for (String name : roles.names()) {
            String about;
            try {
                about = roles.read(name, chat.settings())
                        .systemText()
                        .lines()
                        .findFirst()
                        .orElse("");
            } catch (CommandException e) {
                about = sentence(e);
            }
            lines.add(String.format(Locale.ROOT, "%-16s %s", name, about));
        }
        lines.add((lines.isEmpty() ? "[no roles yet; /role edit NAME makes one in " : "[in ") + roles.folder() + "]");
        return String.join("\n", lines);
    }

    private static void play(Role role, CommandContext chat) {
        Settings settings = chat.settings();
        for (Setting<?> setting : ChatSettings.ALL) {
            if (settings.source(setting) instanceof SettingSource.Role) {
                settings = settings.withThatOf(chat.initialSettings(), setting); // what the role before said
            }
        }
        for (var entry : role.settings().entrySet()) {
            settings = settings.with(entry.getKey(), entry.getValue(), new SettingSource.Role(role.name()));
        }
        chat.settings(settings);
        if (!role.systemText().equals(chat.dialogue().systemText())) {
            chat.dialogue().systemText(role.systemText());
        }
        chat.remark("[the role is " + role.name() + " now; the next turn reads "
                + Counted.of(chat.dialogue().heldTokens(), "token") + " again]");
        chat.dialogue().openingEvent().map(StatusText::event).ifPresent(chat::error);
    }

    private static void edit(String name, CommandContext chat) {
        Path file = chat.roles().file(name);
        try {
            String before = Files.exists(file) ? Files.readString(file) : Roles.TEMPLATE;
            String after = chat.editor().edit(before);
            if (after.equals(before)) {
                chat.remark("[nothing was changed]");
                return;
            }
            Files.createDirectories(file.getParent());
            Files.writeString(file, after.endsWith("\n") ? after : after + "\n");
            var _ = chat.roles().read(name, chat.settings()); // says at once what is wrong with it
            chat.remark("[" + file + " is written; /role " + name + " goes on with it]");
        } catch (IOException e) {
            chat.error("The role could not be edited: " + e.getMessage() + ".");
        }
    }
}
