/**
 * Scripted demo sessions: a tape is typed into the real program over a terminal in memory, watched, recorded or checked. Used by the
 * command {@code demo}.
 */
@NullMarked
package dev.flexgen.chat.demo;

import org.jspecify.annotations.NullMarked;
