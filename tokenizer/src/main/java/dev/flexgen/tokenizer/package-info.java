/**
 * Text to token ids and back: Hugging Face tokenizers, streaming decode, stop strings. The only importer of DJL; knows
 * model folders but neither the engine nor the terminal.
 */
@NullMarked
package dev.flexgen.tokenizer;

import org.jspecify.annotations.NullMarked;
