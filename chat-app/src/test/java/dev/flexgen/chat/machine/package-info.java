@NullMarked
package dev.flexgen.chat.machine;

import org.jspecify.annotations.NullMarked;
