/**
 * How a dialogue is written down for a model that only continues text: preambles, turn layout and stop strings. Pure
 * text; knows neither ids nor terminals.
 */
@NullMarked
package dev.flexgen.chat.prompt;

import org.jspecify.annotations.NullMarked;
