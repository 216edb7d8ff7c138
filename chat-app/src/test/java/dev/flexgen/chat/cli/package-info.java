@NullMarked
package dev.flexgen.chat.cli;

import org.jspecify.annotations.NullMarked;
