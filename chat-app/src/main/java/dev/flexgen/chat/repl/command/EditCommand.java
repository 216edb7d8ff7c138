package dev.flexgen.chat.repl.command;

import java.io.IOException;
import java.util.Optional;

/** Takes the last message back into an editor. */
final class EditCommand implements SlashCommand {

    @Override
    public String name() {
        return "/edit";
    }

    @Override
    public Arguments arguments() {
        return Arguments.NONE;
    }

    @Override
    public String summary() {
        return "change your last message in $VISUAL or $EDITOR and put it on the prompt; its turn is taken back";
    }

    @Override
    public String details() {
        return "If you leave the editor without a change, nothing happens. Ctrl-G and Ctrl-X Ctrl-E open the editor with"
                + " what stands on the prompt. /redo brings the turn back.";
    }

    @Override
    public Optional<String> refusal(CommandContext chat) {
        return chat.dialogue().turns().isEmpty()
                ? Optional.of("There is no message to change yet; Ctrl-G opens the editor for a new one.")
                : Optional.empty();
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        var before = chat.dialogue().turns().getLast().message();
        try {
            var after = chat.editor().edit(before).strip();
            if (after.isEmpty() || after.equals(before)) {
                chat.remark("[nothing was changed]");
                return Outcome.CONTINUE;
            }
            chat.dialogue().undo(1);
            chat.remark("[the last turn is taken back; Enter sends the new message, /redo brings the turn back]");
            return new Outcome.Draft(after);
        } catch (IOException e) {
            chat.error("The message could not be edited: " + e.getMessage() + ".");
            return Outcome.CONTINUE;
        }
    }
}
