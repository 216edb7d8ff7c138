package dev.flexgen.hub;

import dev.flexgen.config.Quoted;
import java.util.regex.Pattern;

/**
 * A model on the hub at a revision. Both become parts of paths, so only what the hub allows passes.
 *
 * @param id {@code organisation/name}, or {@code name} alone for the oldest models
 * @param revision a branch, a tag, {@code refs/pr/3} or a commit
 */
public record HubRef(String id, String revision) {

    /** The branch that is meant when none is named. */
    public static final String MAIN = "main";

    private static final String SEGMENT = "(?=.{1,96}(?:/|$))\\w(?:[\\w.-]*\\w)?";
    private static final Pattern ID = Pattern.compile("(?:" + SEGMENT + "/)?" + SEGMENT);
    private static final Pattern REVISION = Pattern.compile("[\\w.+-]+(?:/[\\w.+-]+)*");
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

    /**
     * Checks both.
     *
     * @throws HubException if one of the two is nothing that the hub could have
     */
    public HubRef {
        if (!isId(id)) {
            throw new HubException(Quoted.of(id) + " is not a hub id: write for example facebook/opt-1.3b.");
        }
        if (revision.length() > 255 || !REVISION.matcher(revision).matches() || hasDotSegment(revision)) {
            throw new HubException(Quoted.of(revision)
                    + " is not a revision: write a branch, a tag or a commit after the @, for example " + id
                    + "@main.");
        }
    }

    public static boolean isId(String text) {
        // Two dashes stand for the slash in the name of the store's folder.
        return ID.matcher(text).matches() && !text.contains("--") && !text.contains("..");
    }

    static boolean isCommit(String revision) {
        return COMMIT.matcher(revision).matches();
    }

    /** Name of the model's folder in the store. */
    String folderName() {
        return "models--" + id.replace("/", "--");
    }

    private static boolean hasDotSegment(String revision) {
        return ("/" + revision + "/").contains("/./") || revision.contains("..");
    }

    /** As the user would type it. */
    @Override
    public String toString() {
        return revision.equals(MAIN) ? id : id + "@" + revision;
    }
}
