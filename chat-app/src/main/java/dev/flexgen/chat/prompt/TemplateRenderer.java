package dev.flexgen.chat.prompt;

import com.google.common.collect.ImmutableMap;
import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.interpret.Context.Library;
import com.hubspot.jinjava.interpret.InterpretException;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.lib.tag.ForTag;
import com.hubspot.jinjava.tree.TagNode;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Has Jinjava write what a chat template says, as transformers does. Templates come from strangers: they reach no file and no class, output and nesting are bounded, and so is their time. One
 * thread.
 */
final class TemplateRenderer {

    /** Far beyond what a prompt's frame needs. */
    private static final int MOST_OUTPUT = 1 << 20;

    private static final int MOST_ITEMS = 1000;
    private static final int MOST_DEPTH = 20;
    private static final long MOST_NANOS = 2_000_000_000L;

    private static final Set<String> CALL_OUT = Set.of("include", "import", "from", "extends");

    private final Jinjava jinjava;
    private final String template;

    TemplateRenderer(String source) {
        this.template = TemplateSource.of(source);
        JinjavaConfig config = JinjavaConfig.newBuilder()
                .withMaxOutputSize(MOST_OUTPUT)
                .withMaxStringLength(MOST_OUTPUT)
                .withMaxListSize(MOST_ITEMS)
                .withMaxMapSize(MOST_ITEMS)
                .withRangeLimit(MOST_ITEMS)
                .withMaxRenderDepth(MOST_DEPTH)
                .withMaxMacroRecursionDepth(MOST_DEPTH)
                .withDisabled(ImmutableMap.of(Library.TAG, CALL_OUT))
                .build();
        this.jinjava = new Jinjava(config);
        jinjava.setResourceLocator((name, encoding, interpreter) -> {
            throw new InterpretException("it reads " + name);
        });
        jinjava.getGlobalContext().registerTag(new BoundedFor(System.nanoTime() + MOST_NANOS));
        jinjava.getGlobalContext().registerExpTest(new IsString());
        jinjava.getGlobalContext().registerFunction(function("raise_exception", TemplateRenderer.class, String.class));
        jinjava.getGlobalContext().registerFunction(function("strftime_now", TemplateRenderer.class, String.class));
    }

    private static ELFunctionDefinition function(String name, Class<?> type, Class<?>... parameters) {
        return new ELFunctionDefinition("", name, type, name, parameters);
    }

    /**
     * Writes.
     *
     * @throws IllegalArgumentException with the reason as half a sentence, if the template refuses or cannot be read
     */
    String render(Map<String, Object> variables) {
        RenderResult result = jinjava.renderForResult(template, variables);
        result.getErrors().stream()
                .filter(error -> error.getSeverity() == TemplateError.ErrorType.FATAL)
                .findFirst()
                .ifPresent(error -> {
                    throw new IllegalArgumentException(
                            error.getMessage().lines().findFirst().orElse("it cannot be read"));
                });
        return result.getOutput();
    }

    /** What templates call to refuse a conversation. Public for the renderer's sake, as the next. */
    @SuppressWarnings("unused")
    public static String raise_exception(String reason) {
        throw new InterpretException(reason);
    }

    /** The date as templates ask for it. */
    @SuppressWarnings("unused")
    public static String strftime_now(String format) {
        String pattern = format.replace("%d", "dd")
                .replace("%b", "MMM")
                .replace("%B", "MMMM")
                .replace("%m", "MM")
                .replace("%Y", "yyyy")
                .replace("%A", "EEEE");
        return LocalDate.now(ZoneId.systemDefault()).format(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH));
    }

    /** Loops begin only as long as there is time; none is longer than the longest list. */
    private static final class BoundedFor extends ForTag {
        private static final long serialVersionUID = 1;
        private final long deadline;

        BoundedFor(long deadline) {
            this.deadline = deadline;
        }

        @Override
        public String interpret(TagNode node, JinjavaInterpreter interpreter) {
            if (System.nanoTime() - deadline > 0) {
                throw new InterpretException("it does not end");
            }
            return super.interpret(node, interpreter);
        }
    }

    /** Texts of messages are no Java strings. */
    private static final class IsString implements ExpTest {
        @Override
        public String getName() {
            return "string";
        }

        @Override
        public boolean evaluate(Object value, JinjavaInterpreter interpreter, Object... arguments) {
            return value instanceof CharSequence;
        }
    }
}
