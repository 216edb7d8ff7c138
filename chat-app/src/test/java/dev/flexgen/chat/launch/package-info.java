/** Tests of the launcher script and of the packaged program, in processes of their own. */
@NullMarked
package dev.flexgen.chat.launch;

import org.jspecify.annotations.NullMarked;
