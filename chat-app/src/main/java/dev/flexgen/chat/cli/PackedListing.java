package dev.flexgen.chat.cli;

import dev.flexgen.config.Bytes;
import dev.flexgen.config.PlainText;
import dev.flexgen.engine.store.PackedForm;
import java.util.List;
import java.util.Locale;

/** The part of {@code models list} about packed models; nothing if there are none. */
final class PackedListing {

    private PackedListing() {}

    static String of(List<PackedForm> forms) {
        if (forms.isEmpty()) {
            return "";
        }
        StringBuilder listing = new StringBuilder("\n");
        listing.append(String.format(Locale.ROOT, "%-30s %-7s  %10s  %s%n", "PACKED", "WEIGHTS", "SIZE", "FOLDER"));
        for (PackedForm form : forms) {
            listing.append(String.format(
                    Locale.ROOT,
                    "%-30s %-7s  %10s  %s%n",
                    PlainText.line(form.model()),
                    form.weights(),
                    Bytes.format(form.bytes()),
                    PlainText.line(form.folder().toString()) + unfinished(form)));
        }
        return listing.toString();
    }

    static String unfinished(PackedForm form) {
        return form.complete() ? "" : " (unfinished: 'flexgen-chat pack' goes on)";
    }
}
