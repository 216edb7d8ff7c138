@NullMarked
package dev.flexgen.chat.setup;

import org.jspecify.annotations.NullMarked;
