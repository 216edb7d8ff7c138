package dev.flexgen.chat.dialogue;

/**
 * How much of what was drafted for a reply the model has chosen itself.
 *
 * @param drafted tokens that were guessed
 * @param accepted of them, those that are in the reply
 * @param failure why there are no more drafts; empty if nothing has failed
 */
public record DraftCount(long drafted, long accepted, String failure) {

    /** Of a reply without drafts. */
    public static final DraftCount NONE = new DraftCount(0, 0);

    public DraftCount(long drafted, long accepted) {
        this(drafted, accepted, "");
    }

    /** What has been counted since an earlier count. */
    DraftCount since(DraftCount earlier) {
        return new DraftCount(drafted - earlier.drafted, accepted - earlier.accepted, failure);
    }
}
