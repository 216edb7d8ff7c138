/** The KV cache: keys and values of past tokens, in blocks that grow with the conversation. */
@NullMarked
package dev.flexgen.engine.cache;

import org.jspecify.annotations.NullMarked;
