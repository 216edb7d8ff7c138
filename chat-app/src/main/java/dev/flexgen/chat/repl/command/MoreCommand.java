package dev.flexgen.chat.repl.command;

import java.util.List;
import java.util.Optional;

/** Has a reply go on that was cut off. */
final class MoreCommand implements SlashCommand {

    @Override
    public String name() {
        return "/more";
    }

    @Override
    public List<String> aliases() {
        return List.of("/continue");
    }

    @Override
    public Arguments arguments() {
        return Arguments.NONE;
    }

    @Override
    public String summary() {
        return "have the last reply go on where the token limit or Ctrl-C cut it off";
    }

    @Override
    public Optional<String> refusal(CommandContext chat) {
        return chat.dialogue().canGoOn()
                ? Optional.empty()
                : Optional.of(
                        chat.dialogue().turns().isEmpty()
                                ? "There is no reply yet that could go on."
                                : "The last reply came to its own end; ask for more in a message.");
    }

    @Override
    public Outcome run(String argument, CommandContext chat) {
        var options = chat.partner().options().apply(chat.settings());
        return new Outcome.Talk((listener, cancel) -> chat.dialogue().goOn(options, listener, cancel));
    }
}
