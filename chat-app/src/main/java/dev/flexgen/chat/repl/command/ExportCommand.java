package dev.flexgen.chat.repl.command;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.flexgen.chat.dialogue.Transcript;
import dev.flexgen.config.FileFailure;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Writes the conversation to a file. */
final class ExportCommand implements SlashCommand {

    @Override
    public String name() {
        return "/export";
    }

    @Override
    public Arguments arguments() {
        return Arguments.REQUIRED;
    }

    @Override
    public String usage() {
        return "/export FILE.md or FILE.json";
    }

    @Override
    public String summary() {
        return "write the conversation to a new file, as Markdown or JSON";
    }

    @Override
    public Optional<String> refusal(CommandContext chat) {
        return chat.dialogue().turns().isEmpty()
                ? Optional.of("There is nothing to write yet: the conversation is empty.")
                : Optional.empty();
    }

    @Override
    public List<Suggestion> complete(List<String> words, CommandContext chat) {
        return PathSuggestions.of(words.getLast(), chat);
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        var transcript = chat.dialogue().transcript();
        var lower = argument.toLowerCase(Locale.ROOT);
        if (!lower.endsWith(".md") && !lower.endsWith(".json")) {
            chat.error("The file's name must end with .md or .json; nothing was written.");
            return Outcome.CONTINUE;
        }
        Path file = chat.path(argument);
        try {
            Files.writeString(
                    file,
                    lower.endsWith(".md")
                            ? markdown(chat.partner().name(), transcript)
                            : json(chat.partner().name(), transcript),
                    StandardOpenOption.CREATE_NEW,
                    StandardOpenOption.WRITE);
            chat.remark("[" + Counted.of(transcript.exchanges().size(), "turn") + " written to " + file + "]");
        } catch (FileAlreadyExistsException e) {
            chat.error(file + " exists; choose another name. Nothing was written.");
        } catch (NoSuchFileException e) {
            chat.error("There is no folder " + file.getParent() + "; nothing was written.");
        } catch (IOException e) {
            chat.error(file + " cannot be written (" + FileFailure.reason(e) + ").");
        }
        return Outcome.CONTINUE;
    }

    private static String markdown(String model, Transcript transcript) {
        var text = new StringBuilder("# Conversation with ").append(model).append("\n");
        if (!transcript.systemText().isBlank()) {
            text.append("\n> ")
                    .append(transcript.systemText().strip().replace("\n", "\n> "))
                    .append("\n");
        }
        for (var exchange : transcript.exchanges()) {
            text.append("\n## You\n\n").append(exchange.message()).append("\n");
            text.append("\n## ")
                    .append(model)
                    .append("\n\n")
                    .append(exchange.reply())
                    .append("\n");
        }
        return text.toString();
    }

    private static String json(String model, Transcript transcript) {
        var messages = new JsonArray();
        if (!transcript.systemText().isBlank()) {
            messages.add(message("system", transcript.systemText().strip()));
        }
        for (var exchange : transcript.exchanges()) {
            messages.add(message("user", exchange.message()));
            messages.add(message("assistant", exchange.reply()));
        }
        var whole = new JsonObject();
        whole.addProperty("model", model);
        whole.add("messages", messages);
        return new GsonBuilder()
                        .setPrettyPrinting()
                        .disableHtmlEscaping()
                        .create()
                        .toJson(whole) + "\n";
    }

    private static JsonObject message(String role, String content) {
        var message = new JsonObject();
        message.addProperty("role", role);
        message.addProperty("content", content);
        return message;
    }
}
