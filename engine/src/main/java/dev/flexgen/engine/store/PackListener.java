package dev.flexgen.engine.store;

/** Told how packing goes, on the thread that packs. */
public interface PackListener {

    /** For nobody. */
    PackListener NONE = new PackListener() {
        @Override
        public void progress(long done, long total) {}

        @Override
        public void waiting() {}
    };

    /** Bytes of the packed model that are written, and all of them. */
    void progress(long done, long total);

    /** Another program makes the same packed model, and this one waits for it. Told once. */
    void waiting();
}
