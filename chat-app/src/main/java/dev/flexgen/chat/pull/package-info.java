/** Downloads as people and scripts see them: from the hub's events to bars on a terminal, plain lines or JSON. */
@NullMarked
package dev.flexgen.chat.pull;

import org.jspecify.annotations.NullMarked;
