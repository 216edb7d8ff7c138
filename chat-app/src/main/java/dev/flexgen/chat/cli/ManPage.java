package dev.flexgen.chat.cli;

import dev.flexgen.config.Setting;
import dev.flexgen.config.SettingTable;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The manual page in roff, made of the same descriptions as the help: {@code docs/flexgen-chat.1}. */
final class ManPage {

    private static final String HEAD = """
            .\\" Made from the commands' own descriptions; a test keeps it current.
            .TH FLEXGEN\\-CHAT 1
            .SH NAME
            flexgen\\-chat \\- chat in a terminal with language models larger than the GPU
            .SH SYNOPSIS
            .B flexgen\\-chat
            .RI [ COMMAND ]
            .RI [ OPTIONS ]
            .br
            .B flexgen\\-chat
            .RI \\(dq QUESTION \\(dq
            .RI [ OPTIONS ]
            .SH DESCRIPTION
            Talks with a language model on this machine, placing its weights in GPU memory, host memory and on disk. Without a
            command it begins a chat. One argument with white space in it is a question: its answer is printed and nothing else.
            Answers go to standard output, everything else to standard error.
            """;

    private static final String TAIL = """
            .SH FILES
            .TP
            .I $XDG_CONFIG_HOME/flexgen\\-chat/config.json
            The settings file, a flat JSON object; see
            .BR "flexgen\\-chat config" .
            .TP
            .I $XDG_STATE_HOME/flexgen\\-chat/history
            What was typed, for the Up key.
            .TP
            .I $XDG_STATE_HOME/flexgen\\-chat/sessions
            Saved conversations, a file each.
            .TP
            .I $XDG_CACHE_HOME/flexgen\\-chat
            What can be made again.
            .SH EXIT STATUS
            0 success, 1 failure, 2 wrong usage or settings, 3 model missing or invalid, 4 does not fit, 5 device or native
            library, 69 no JDK 25, 130 interrupted.
            .SH EXAMPLES
            .nf
            flexgen\\-chat
            flexgen\\-chat \\-m opt\\-1.3b \\(dqWhat is the capital of France?\\(dq
            cat notes.txt | flexgen\\-chat \\(dqSum this up:\\(dq
            flexgen\\-chat \\-\\-continue
            .fi
            """;

    private final StringBuilder page = new StringBuilder();

    private ManPage() {}

    /** The page for a program with the commands of {@code root}. */
    static String of(CommandLine root) {
        var page = new ManPage();
        page.page.append(HEAD).append(".SH COMMANDS\n");
        page.commands(root);
        page.page.append(".SH ENVIRONMENT\nEach setting has a variable; a flag overrides it.\n");
        for (Setting<?> setting : SettingTable.all()) {
            page.item(bold(setting.environmentVariable()), setting.help());
        }
        page.item(bold("NO_COLOR"), "Where it is set, output is not coloured unless --color says so");
        page.page.append(TAIL);
        return page.page.toString();
    }

    private void commands(CommandLine line) {
        for (CommandLine inner : line.getSubcommands().values()) {
            CommandSpec spec = inner.getCommandSpec();
            page.append(".SS ").append(escaped(spec.qualifiedName(" "))).append('\n');
            for (String sentence : spec.usageMessage().description()) {
                page.append(escaped(plain(sentence))).append("\n.br\n");
            }
            for (PositionalParamSpec parameter : spec.positionalParameters()) {
                item(italic(parameter.paramLabel()), text(parameter.description()));
            }
            for (OptionSpec option : spec.options()) {
                item(names(option), text(option.description()));
            }
            commands(inner);
        }
    }

    private void item(String head, String text) {
        page.append(".TP\n").append(head).append('\n').append(escaped(text)).append('\n');
    }

    private static String names(OptionSpec option) {
        List<String> names = List.of(option.names()).stream().map(ManPage::bold).toList();
        return String.join(", ", names) + (option.arity().max() > 0 ? " " + italic(option.paramLabel()) : "");
    }

    private static String text(String[] description) {
        return plain(String.join(" ", description));
    }

    /** picocli formats descriptions: there a percent sign is doubled. */
    private static String plain(String description) {
        return description.replace("%%", "%");
    }

    private static String bold(String text) {
        return "\\fB" + escaped(text) + "\\fR";
    }

    private static String italic(String text) {
        return "\\fI" + escaped(text) + "\\fR";
    }

    /** Backslashes and hyphens are said by name, and a line must not begin with a control character of roff. */
    private static String escaped(String text) {
        String escaped = text.replace("\\", "\\e").replace("-", "\\-");
        return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
    }
}
