package dev.flexgen.engine.run;

import dev.flexgen.engine.memory.Buffer;
import dev.flexgen.engine.memory.ScratchFile;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The memory and the file behind a model's weights, freed together. Owned by the thread that loads. */
final class Holdings implements AutoCloseable {

    static final String OWNER = "weights";

    private final List<Buffer> buffers = new ArrayList<>();
    private @Nullable ScratchFile file;

    /** Keeps it until {@link #close()}. */
    Buffer keep(Buffer buffer) {
        buffers.add(buffer);
        return buffer;
    }

    /** Keeps it until {@link #close()}. */
    ScratchFile keep(ScratchFile scratchFile) {
        file = scratchFile;
        return scratchFile;
    }

    @Override
    public void close() {
        buffers.forEach(Buffer::close);
        buffers.clear();
        if (file != null) {
            file.close();
            file = null;
        }
    }
}
