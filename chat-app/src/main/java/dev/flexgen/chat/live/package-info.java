/** What a model and the machine under it are doing, for people: how far loading is, the status line, the monitor. */
@NullMarked
package dev.flexgen.chat.live;

import org.jspecify.annotations.NullMarked;
