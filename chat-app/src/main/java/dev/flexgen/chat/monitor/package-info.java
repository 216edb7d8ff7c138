/** The monitor: a screen of its own, by Lanterna, that shows where a model is kept and what moves while it replies. */
@NullMarked
package dev.flexgen.chat.monitor;

import org.jspecify.annotations.NullMarked;
