package dev.flexgen.chat.wizard;

import dev.flexgen.chat.pull.PullState;
import java.util.function.Consumer;

/** Everything the wizard can do, as opposed to decide. Called from threads that may wait; never answers with an exception. */
public interface WizardWorld {

    WizardEvent.Looked look();

    WizardEvent.StoreChecked checkStore(String folder, long bytes);

    WizardEvent.FolderChecked checkFolder(String folder);

    WizardEvent.Previewed preview(Answers answers);

    WizardEvent.Saved save(Answers answers);

    /** Downloads until it is done, stopped or has failed, and says which. */
    WizardEvent pull(Answers answers, Consumer<PullState> progress);

    /** Makes {@link #pull} come to its end; from another thread. */
    void stopPull();
}
