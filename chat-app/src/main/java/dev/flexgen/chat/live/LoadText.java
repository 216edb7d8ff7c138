package dev.flexgen.chat.live;

import dev.flexgen.config.Bytes;
import java.util.Locale;

/** How far loading is, in words. Pure functions. */
public final class LoadText {

    private LoadText() {}

    /**
     * One line.
     *
     * @param model its name
     * @param doneBytes of the weights
     * @param totalBytes of them; 0 while that is not known
     */
    public static String of(String model, long doneBytes, long totalBytes, double seconds) {
        String what = model.isEmpty() ? "loading the model" : "loading " + model;
        if (totalBytes <= 0 || doneBytes <= 0) {
            return what;
        }
        if (doneBytes >= totalBytes) {
            return what + ", " + Bytes.format(totalBytes) + " are here";
        }
        String total = Bytes.format(totalBytes);
        String left = seconds < 1
                ? ""
                : String.format(
                        Locale.ROOT,
                        ", %d %%, about %d s left",
                        100 * doneBytes / totalBytes,
                        Math.max(1, Math.round(seconds * (totalBytes - doneBytes) / doneBytes)));
        return what + ", " + Bytes.format(doneBytes) + " of " + total + left;
    }
}
