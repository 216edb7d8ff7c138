package dev.flexgen.engine;

import dev.flexgen.engine.base.KvFileFault;
import java.util.Optional;

/**
 * What a file of keys and values says it holds.
 *
 * @param ids of the tokens; none if it is of no use here, or there is none
 * @param fault why it is of no use
 */
public record KvSaved(int[] ids, Optional<KvFileFault> fault) {}
