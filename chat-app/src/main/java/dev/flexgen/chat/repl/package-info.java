/**
 * The conversation with a person: {@link dev.flexgen.chat.repl.Repl} at a terminal and
 * {@link dev.flexgen.chat.repl.PipedChat} without one. Only {@code dev.flexgen.chat.cli} may depend on this package.
 */
@NullMarked
package dev.flexgen.chat.repl;

import org.jspecify.annotations.NullMarked;
