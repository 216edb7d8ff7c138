@NullMarked
package dev.flexgen.chat.pull;

import org.jspecify.annotations.NullMarked;
