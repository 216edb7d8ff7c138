package dev.flexgen.tokenizer;

/**
 * A token that is matched in the text before any splitting. A special one steers the model ({@code </s>}), any other
 * is text (CodeGen's runs of spaces).
 */
record AddedToken(int id, String content, boolean special) {}
