package dev.flexgen.chat.live;

import dev.flexgen.engine.base.Activity;

/** Is told when a model begins to be loaded, and when that is over. For the thread that opens models. */
public interface LoadWatch {

    /** Nobody watches. */
    LoadWatch NONE = new LoadWatch() {
        @Override
        public void begins(String model, Activity activity) {}

        @Override
        public void ends() {}
    };

    /** The model is about to be read. */
    void begins(String model, Activity activity);

    /** It is open or could not be opened; more than once does no harm. */
    void ends();
}
