package dev.flexgen.chat.cli;

import dev.flexgen.config.NearestName;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** One sentence for what picocli could not parse, with the nearest right word where there is one. */
final class UsageErrors {

    private UsageErrors() {}

    static String sentence(ParameterException failure) {
        String help = "'" + failure.getCommandLine().getCommandSpec().qualifiedName() + " --help' lists what there is";
        if (failure instanceof UnmatchedArgumentException unmatched) {
            List<String> suggestions = unmatched.getSuggestions();
            if (suggestions.isEmpty()) {
                return unknown(unmatched) + "; " + help;
            }
            // Of what is similar in picocli's eyes, the one with the fewest typing slips.
            String nearest = NearestName.of(unmatched.getUnmatched().getFirst(), suggestions)
                    .orElse(suggestions.getFirst());
            return unknown(unmatched) + "; did you mean '" + nearest + "'?";
        }
        String message = String.valueOf(failure.getMessage());
        return message.substring(0, 1).toLowerCase(Locale.ROOT) + message.substring(1) + "; " + help;
    }

    private static String unknown(UnmatchedArgumentException unmatched) {
        String argument = unmatched.getUnmatched().getFirst();
        if (unmatched.isUnknownOption()) {
            return "unknown option '" + argument + "'";
        }
        boolean command = unmatched.getCommandLine().getParent() == null;
        return (command ? "unknown command '" : "unexpected argument '") + argument + "'";
    }
}
