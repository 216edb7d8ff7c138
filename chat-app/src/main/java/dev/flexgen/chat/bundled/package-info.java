/** The small models that come with the program, so that it has something to say before anything is downloaded. */
@NullMarked
package dev.flexgen.chat.bundled;

import org.jspecify.annotations.NullMarked;
