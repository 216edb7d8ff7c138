/** Packed models as the program uses them: which one a command opens, when one is made, and how that is shown. */
@NullMarked
package dev.flexgen.chat.packed;

import org.jspecify.annotations.NullMarked;
