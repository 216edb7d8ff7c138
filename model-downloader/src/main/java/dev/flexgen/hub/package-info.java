/**
 * The store of model files on this machine, in the layout that Hugging Face's own tools share. Knows neither the engine
 * nor the tokenizer; the application uses it to turn what the user typed into a folder.
 */
@NullMarked
package dev.flexgen.hub;

import org.jspecify.annotations.NullMarked;
