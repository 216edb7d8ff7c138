package dev.flexgen.chat.repl.command;

import java.util.Optional;

/** Forgets the last turns, or takes a /clear back. */
final class UndoCommand implements SlashCommand {

    @Override
    public String name() {
        return "/undo";
    }

    @Override
    public Arguments arguments() {
        return Arguments.OPTIONAL;
    }

    @Override
    public String usage() {
        return "/undo [N]";
    }

    @Override
    public String summary() {
        return "forget the last N turns (1 if not said); after /clear, bring the conversation back";
    }

    @Override
    public String details() {
        return "Nothing is computed for it. /redo brings the turns back.";
    }

    @Override
    public Optional<String> refusal(CommandContext chat) {
        var dialogue = chat.dialogue();
        return dialogue.turns().isEmpty() && !dialogue.canRedo()
                ? Optional.of("There is no turn to forget yet.")
                : Optional.empty();
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        var dialogue = chat.dialogue();
        if (dialogue.turns().isEmpty()) {
            dialogue.redo();
            chat.remark(
                    "[the conversation is back: " + Counted.of(dialogue.turns().size(), "turn") + "]");
            return Outcome.CONTINUE;
        }
        Optional<Integer> count = argument.isEmpty() ? Optional.of(1) : Counted.parse(argument);
        if (count.isEmpty()) {
            chat.error("/undo takes a number of turns from 1 on, not '" + argument + "'; nothing was done.");
            return Outcome.CONTINUE;
        }
        int forgotten = Math.min(count.get(), dialogue.turns().size());
        dialogue.undo(forgotten);
        chat.remark("[forgot the last " + (forgotten == 1 ? "turn" : forgotten + " turns") + ", kept "
                + dialogue.turns().size() + "; /redo brings " + (forgotten == 1 ? "it" : "them") + " back]");
        return Outcome.CONTINUE;
    }
}
