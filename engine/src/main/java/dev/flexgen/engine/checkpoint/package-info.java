/**
 * Checkpoint files as published: safetensors and PyTorch archives, single or sharded, and FlexGen's folders of numpy files,
 * read in place. Nothing in a file is trusted: every length is bounded before it is used.
 */
@NullMarked
package dev.flexgen.engine.checkpoint;

import org.jspecify.annotations.NullMarked;
