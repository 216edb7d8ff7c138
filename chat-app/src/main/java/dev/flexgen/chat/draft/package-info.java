/** What drafts replies of a model in use: {@code --draft}. Used by the wiring, {@code plan} and {@code bench}. */
@NullMarked
package dev.flexgen.chat.draft;

import org.jspecify.annotations.NullMarked;
