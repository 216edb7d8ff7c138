package dev.flexgen.chat.cli;

import dev.flexgen.config.Bytes;
import dev.flexgen.config.PlainText;
import dev.flexgen.engine.memory.Tier;
import java.util.List;
import java.util.Locale;

/** The table of {@code verify}, in Markdown: it is made to be pasted. */
final class VerifyTable {

    private final String model;
    private final Verification verification;
    private final String version;

    VerifyTable(String model, Verification verification, String version) {
        this.model = model;
        this.verification = verification;
        this.version = version;
    }

    String text(List<VerifyRow> rows) {
        int tokens = rows.stream().mapToInt(VerifyRow::tokens).max().orElse(0);
        var table = new StringBuilder(PlainText.line(model) + ": " + tokens + " tokens predicted, on "
                + PlainText.line(verification.deviceName()) + ", flexgen-chat " + version + "\n\n");
        table.append("| weights | KV cache | perplexity | over the first | reads tok/s | writes tok/s | active neurons")
                .append(" | GPU, host, disk |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n");
        for (VerifyRow row : rows) {
            table.append("| ")
                    .append(row.form().weights().label())
                    .append(" | ")
                    .append(row.form().kv().name().toLowerCase(Locale.ROOT))
                    .append(" | ")
                    .append(row.measured() ? figures(row, rows.getFirst()) : PlainText.line(row.failure()))
                    .append(" |\n");
        }
        return table.toString();
    }

    private static String figures(VerifyRow row, VerifyRow first) {
        return String.format(
                Locale.ROOT,
                "%.4f | %s | %.1f | %.2f | %s | %s, %s, %s",
                row.perplexity(),
                Double.isNaN(row.over(first)) ? "-" : String.format(Locale.ROOT, "%+.3f %%", 100 * row.over(first)),
                row.readRate(),
                row.writeRate(),
                row.active()
                        .map(shares -> String.format(Locale.ROOT, "%.1f %%", 100 * shares.mean()))
                        .orElse("-"),
                held(row, Tier.GPU),
                held(row, Tier.HOST),
                held(row, Tier.DISK));
    }

    private static String held(VerifyRow row, Tier tier) {
        return Bytes.format(row.heldBytes().getOrDefault(tier, 0L));
    }
}
