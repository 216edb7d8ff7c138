/** Settings, directories, the model catalogue and units. Depends on nothing but Gson; every other module may use it. */
@NullMarked
package dev.flexgen.config;

import org.jspecify.annotations.NullMarked;
