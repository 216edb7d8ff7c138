package dev.flexgen.config;

/** How a model wants to be talked to. The wording of each style belongs to the chat. */
public enum PromptStyle {
    /** A base model: a dialogue of two named speakers that it continues. */
    DIALOGUE,
    /** The model that comes with the program: the dialogue it was trained on. */
    DEMO,
    /** Tuned to follow instructions. */
    INSTRUCTION,
    /** Trained on scientific text: questions and answers. */
    SCIENCE,
    /** Continues what it is given, such as source code. */
    COMPLETION,
    /** GLM's own chat markers. */
    GLM,
    /** As the chat template in the model's folder says. */
    TEMPLATE
}
