from __future__ import annotations

from collections import Counter

import pytest

from whatsapp_bot.bot.understanding.command_words import NEVER_MEANT, PHRASES
from whatsapp_bot.bot.understanding.commands import Command, read_command
from whatsapp_bot.bot.understanding.plain import plain
from whatsapp_bot.bot.understanding.stopping import is_stop
from whatsapp_bot.bot.understanding.tongue import language_of

SAID = """
jobs: jobs|Jobs!|jbos|JOBS 🙏|abeg show me work|job|wetin dey|any work|show jobs pls|*jobs*|jobss
more: more|mroe|More.|more jobs|next|show more|add more|moree
save: save|Save it|save am|bookmark
saved: saved|svaed|my saved jobs|Saved Jobs
refuse: not for me|Not for me!|no be for me|not interested|skip|i no like am
settings: settings|setings|Settings ⚙️|change|preferences|my profile|edit profile
alerts: alerts|alert|job alerts|alrets
alerts_daily: alerts daily|daily alerts|every day|Alerts Daily|alert daily
alerts_instant: alerts instant|instant|alert instant|sharp sharp
alerts_off: alerts off|alert off|no alerts|turn off alerts
resume: resume|resume alerts|unpause
start: start|START|strat|restart|i don come back|start abeg
help: help|hlep|?|menu|HELP!!|wetin you fit do|how it works|hepl
my_data: my data|My Data|mydata please|my dat|wetin you know about me
delete: delete my data|delet my data|Delete my account|forget me|delete everything|delete my dta
human: human|talk to a person|Talk to someone|real person|humann
english: english|speak english
pidgin: pidgin|pigdin|broken english|yarn pidgin
about: is it free?|are you a robot|Is this real?|una dey collect money|who be you
applying: how do i apply|how i go apply|apply
yes: yes|Yes!|yess|YES o|ok|👍|na so|e correct|correct
no: no|nope|no o|never mind
cancel: cancel|CANCEL|Cancel it|abort
hired: I don get work|I got a job already|found job thanks|I have found a job|Hired!|i am employed now
thanks: thanks|thank you|God bless you|thank you sir|you do well
greeting: hi|Hello|good morning|how far|hello sir|how una dey|hey!!
"""
OTHERS = """Jos|cook|book|nurse|shop|driver|100|lagos|sales|cashier|job in lagos|customer care
any job in lagos|show me jobs in lagos|help me find driver work|not driver work|waiter|more money
store keeper|maid|pilot|support|operator|hr|start up founder|data entry|save the children ngo
i want to work as a cook|accountant|Yola|Ede|security|office|teacher|agege|remote|no experience
paused my studies last year|1.2m|80k|2 years|3 years experience""".replace("\n", "|")
PAIRS = [
    (name.strip(), text)
    for name, _, texts in (line.partition(": ") for line in SAID.strip().splitlines())
    for text in texts.split("|")
]


@pytest.mark.parametrize(("name", "text"), PAIRS)
def test_a_command_is_heard_however_it_is_written(name: str, text: str) -> None:
    command = read_command(text)
    assert command is not None
    assert command.name == name


@pytest.mark.parametrize("text", OTHERS.split("|"))
def test_what_tells_something_is_no_command(text: str) -> None:
    assert read_command(text) is None


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("3", Command("open", 3)),
        ("no 3", Command("open", 3)),
        ("job 3 please", Command("open", 3)),
        ("3️⃣", Command("open", 3)),
        ("number 10", Command("open", 10)),
        ("five", Command("open", 5)),
        ("i want two", Command("open", 2)),
        ("apply for 4", Command("open", 4)),
        ("save 2", Command("save", 2)),
        ("save job 2", Command("save", 2)),
        ("not for me 3", Command("refuse", 3)),
        ("3 not for me", Command("refuse", 3)),
        ("no like 3", Command("refuse", 3)),
        ("I no want number 2", Command("refuse", 2)),
        ("not for me too far", Command("refuse", None, "too far")),
        ("Not for me 3 because e too far", Command("refuse", 3, "e too far")),
        ("change my salary", Command("field", words="pay")),
        ("I want to change location", Command("field", words="place")),
        ("edit work abeg", Command("field", words="work")),
        ("pause", Command("pause", days=7)),
        ("pause 2 weeks", Command("pause", days=14)),
        ("pause for two weeks", Command("pause", days=14)),
        ("abeg pause alerts for 3 days", Command("pause", days=3)),
        ("pause 1 month", Command("pause", days=30)),
        ("pause 9 years", Command("pause", days=365)),
        ("pause 0 days", Command("pause", days=1)),
    ],
)
def test_what_a_command_is_about(text: str, command: Command) -> None:
    assert read_command(text) == command


def test_no_phrase_is_two_commands() -> None:
    phrases = Counter(
        " ".join(plain(phrase).split()) or phrase.strip()
        for phrases in PHRASES.values()
        for phrase in " ".join(phrases.split()).split(",")
    )
    assert [phrase for phrase, count in phrases.items() if count > 1] == []


def test_no_command_asks_us_to_stop() -> None:
    """ "cancel" and "leave it" end a question, not the messages."""
    for phrases in PHRASES.values():
        for phrase in " ".join(phrases.split()).split(","):
            assert not is_stop(phrase), phrase


@pytest.mark.parametrize("word", sorted(NEVER_MEANT))
def test_a_word_of_its_own_is_no_slip(word: str) -> None:
    command = read_command(word)
    table = {
        plain(phrase): name
        for name, phrases in PHRASES.items()
        for phrase in " ".join(phrases.split()).split(",")
    }
    assert command is None or table.get(word) == command.name


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I dey find work", "pcm"),
        ("abeg show me job", "pcm"),
        ("wetin dey for Abuja", "pcm"),
        ("I wan see work", "pcm"),
        ("How far", "pcm"),
        ("I am looking for a job", "en"),
        ("Do you have jobs in Lagos?", "en"),
        ("driver Ikeja 80k", None),
        ("jobs", None),
        ("Lagos", None),
        ("3", None),
    ],
)
def test_her_language_shows_in_how_she_writes(text: str, language: str | None) -> None:
    assert language_of(text) == language
