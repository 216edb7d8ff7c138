package dev.flexgen.engine.cache;

/** In which form a page holds its keys and values. */
enum PageForm {
    /** As they were written. */
    OPEN,
    /** In the cache's {@link dev.flexgen.engine.quant.PageFormat}. */
    SEALED
}
