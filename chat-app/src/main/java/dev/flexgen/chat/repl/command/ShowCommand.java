package dev.flexgen.chat.repl.command;

import dev.flexgen.chat.dialogue.Dialogue;
import dev.flexgen.chat.dialogue.DraftCount;
import dev.flexgen.chat.dialogue.Turn;
import dev.flexgen.chat.prompt.Thoughts;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** Shows what is in force. */
final class ShowCommand implements SlashCommand {

    private static final int EXCERPT = 50;

    private static final Map<String, Function<CommandContext, String>> VIEWS = views();

    private static final List<String> TOPICS = List.copyOf(VIEWS.keySet());

    private static Map<String, Function<CommandContext, String>> views() {
        Map<String, Function<CommandContext, String>> views = new LinkedHashMap<>();
        views.put("settings", ChatSettings::table);
        views.put("model", ShowCommand::model);
        views.put("plan", ShowCommand::plan);
        views.put("stats", ShowCommand::stats);
        views.put("thoughts", ShowCommand::thoughts);
        views.put("prompt", chat -> chat.dialogue().promptText());
        views.put("context", chat -> context(chat.dialogue()));
        return views;
    }

    @Override
    public String name() {
        return "/show";
    }

    @Override
    public Arguments arguments() {
        return Arguments.OPTIONAL;
    }

    @Override
    public String usage() {
        return "/show [" + String.join("|", TOPICS) + "]";
    }

    @Override
    public String summary() {
        return "show the model, its plan, settings, what the last reply took, its thoughts, what the model reads, or the context";
    }

    @Override
    public List<Suggestion> complete(List<String> words, CommandContext chat) {
        return words.size() == 1 ? TOPICS.stream().map(Suggestion::of).toList() : List.of();
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        var view = VIEWS.get(argument.toLowerCase(Locale.ROOT));
        if (argument.isEmpty()) {
            chat.remark(
                    String.join("\n", model(chat), context(chat.dialogue()), stats(chat), ChatSettings.table(chat)));
        } else if (view == null) {
            chat.error("/show knows " + String.join(", ", TOPICS) + ", not '" + argument + "'.");
        } else {
            chat.remark(view.apply(chat));
        }
        return Outcome.CONTINUE;
    }

    static String model(CommandContext chat) {
        List<String> lines = new ArrayList<>();
        lines.add(chat.partner().name() + ", context " + chat.dialogue().model().contextLimit() + " tokens");
        lines.addAll(chat.partner().facts().about());
        return String.join("\n", lines);
    }

    static String plan(CommandContext chat) {
        var lines = chat.partner().facts().plan();
        return lines.isEmpty() ? "[the plan of this model is not known]" : String.join("\n", lines);
    }

    private static String stats(CommandContext chat) {
        return chat.lastReply()
                .map(reply -> String.format(
                                Locale.ROOT,
                                "last reply: read %d tokens in %.1f s (%.1f tok/s), wrote %d in %.1f s (%.1f tok/s)",
                                reply.prefilledTokens(),
                                reply.prefillSeconds(),
                                reply.prefillSeconds() > 0 ? reply.prefilledTokens() / reply.prefillSeconds() : 0,
                                reply.generatedTokens(),
                                reply.decodeSeconds(),
                                reply.tokensPerSecond())
                        + drafts(reply.drafts()))
                .orElse("[no reply yet]");
    }

    /** Of the last reply, which has them also where the chat has folded them. */
    private static String thoughts(CommandContext chat) {
        List<Turn> turns = chat.dialogue().turns();
        boolean opened = chat.partner().format().opensThoughts();
        String thoughts = turns.isEmpty() ? "" : Thoughts.of(turns.getLast().reply(), opened);
        return thoughts.isEmpty() ? "[the last reply has no thoughts]" : thoughts;
    }

    private static String drafts(DraftCount count) {
        String ended =
                count.failure().isEmpty() ? "" : "\ndrafting has failed, replies go on without: " + count.failure();
        return count.drafted() == 0
                ? ended
                : String.format(
                                Locale.ROOT,
                                "\n%d of %d drafted tokens accepted (%.0f %%)",
                                count.accepted(),
                                count.drafted(),
                                100.0 * count.accepted() / count.drafted())
                        + ended;
    }

    private static String context(Dialogue dialogue) {
        List<String> lines = new ArrayList<>();
        lines.add("context " + dialogue.heldTokens() + "/" + dialogue.model().contextLimit() + " tokens, opening "
                + dialogue.openingTokens());
        int forgotten = dialogue.turns().size() - dialogue.held().size();
        if (forgotten > 0) {
            lines.add("the oldest " + Counted.of(forgotten, "turn") + ": the model does not see them any more");
        }
        int number = forgotten;
        for (Turn turn : dialogue.held()) {
            number++;
            lines.add(
                    String.format(Locale.ROOT, "%3d  %6d tokens  %s", number, turn.tokens(), excerpt(turn.message())));
        }
        return String.join("\n", lines);
    }

    private static String excerpt(String message) {
        String line = message.replaceAll("\\s+", " ");
        return line.codePointCount(0, line.length()) <= EXCERPT
                ? line
                : line.substring(0, line.offsetByCodePoints(0, EXCERPT)) + "...";
    }
}
