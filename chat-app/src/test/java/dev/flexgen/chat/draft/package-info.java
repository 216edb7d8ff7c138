@NullMarked
package dev.flexgen.chat.draft;

import org.jspecify.annotations.NullMarked;
