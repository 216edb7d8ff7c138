@NullMarked
package dev.flexgen.chat.wizard;

import org.jspecify.annotations.NullMarked;
