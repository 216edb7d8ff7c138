/** Setting the program up: what the wizard does in the real world, and the same from flags alone. */
@NullMarked
package dev.flexgen.chat.setup;

import org.jspecify.annotations.NullMarked;
