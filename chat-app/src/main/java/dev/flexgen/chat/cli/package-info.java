/**
 * The commands of the command line, one file each, and the option groups that they share. Only
 * {@link dev.flexgen.chat.Main} depends on it.
 */
@NullMarked
package dev.flexgen.chat.cli;

import org.jspecify.annotations.NullMarked;
