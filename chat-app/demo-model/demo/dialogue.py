"""Turns, what the user has told so far, and the text layout of a dialogue."""

from dataclasses import dataclass, field

# The layout the chat uses: an optional preamble line, then turns. See README.md.
HUMAN = "\nHuman:"
ASSISTANT = "\nAssistant:"
PREAMBLE = "A conversation between a person and the flexgen-chat demo model."


@dataclass
class Turn:
    """One exchange. ``told`` are the facts that someone who reads this turn knows afterwards."""

    user: str
    reply: str
    kind: str = "talk"
    told: tuple = ()
    expect: tuple = ()  # groups of alternatives; a good reply contains one of each group
    reject: tuple = ()  # strings that a good reply does not contain
    language: str = ""
    distance: int = -1  # for recall: turns since the fact was told
    train: bool = True


@dataclass
class State:
    """What the visible part of the dialogue says. Rebuilt from the turns when old ones are dropped."""

    lang: str
    held_out: bool = False
    facts: dict = field(default_factory=dict)  # key -> (value, index of the turn that told it)
    last: Turn | None = None
    spoken: str = "en"  # the language of the last turn: what an answer to nonsense uses
    turns: list = field(default_factory=list)

    def learn(self, turn):
        index = len(self.turns)
        for key, value in turn.told:
            if value is None:
                self.facts.pop(key, None)
            else:
                known = self.facts.get(key)
                # An echo of a known fact in a reply keeps the turn in which it was first told.
                self.facts[key] = (value, known[1] if known and known[0] == value else index)
        self.turns.append(turn)
        self.last = turn
        if turn.kind not in ("noise", "empty"):
            self.spoken = turn.language or self.lang

    def get(self, key):
        known = self.facts.get(key)
        return known[0] if known else None

    def age(self, key):
        """Other turns since the fact was told."""
        return len(self.turns) - self.facts[key][1] - 1

    def drop_oldest(self, keep_from):
        """Forgets the turns before ``keep_from``; those kept are no longer trained on, they may quote what is gone."""
        kept = self.turns[keep_from:]
        for turn in kept:
            turn.train = False
        self.facts, self.turns, self.last = {}, [], None
        for turn in kept:
            self.learn(turn)  # their languages are known by now


def user_text(text, first_without_preamble=False):
    """The prompt part of a turn: what stands before the reply."""
    marker = HUMAN[1:] if first_without_preamble else HUMAN
    return marker + (" " + text if text else "") + ASSISTANT


def prompt(preamble, history, question):
    """The whole prompt of a dialogue: history is a list of (user, reply)."""
    parts = [preamble or ""]
    for i, (user, reply) in enumerate([*history, (question, None)]):
        parts.append(user_text(user, first_without_preamble=i == 0 and not preamble))
        if reply is not None:
            parts.append(" " + reply)
    return "".join(parts)
