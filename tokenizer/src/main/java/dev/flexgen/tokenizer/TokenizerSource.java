package dev.flexgen.tokenizer;

/**
 * Where a tokenizer's description comes from. It can be read again, so that nobody has to hold megabytes of it for a
 * second use that rarely comes.
 */
@FunctionalInterface
interface TokenizerSource {

    TokenizerJson read();
}
