/** Memory tiers, buffers and the ledger in which every byte has an owner. */
@NullMarked
package dev.flexgen.engine.memory;

import org.jspecify.annotations.NullMarked;
