package dev.flexgen.engine;

import dev.flexgen.engine.base.KvFileFault;
import java.util.Optional;

/**
 * What {@link Session#load} has come to.
 *
 * @param tokens whose keys and values were taken from the file; 0 if none were of use
 * @param slower whether the rest was left, because computing it is faster
 * @param fault why the file was not used, or not to its end
 */
public record KvLoad(int tokens, boolean slower, Optional<KvFileFault> fault) {

    static final KvLoad NOTHING = new KvLoad(0, false, Optional.empty());

    static KvLoad not(KvFileFault fault) {
        return new KvLoad(0, false, Optional.of(fault));
    }
}
