"""Whole conversations, through Conversation.answer and its Answer, as the edge runs them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import AppFactory, Factory
from tests.integration.bot.conftest import Person, PersonFactory
from tests.loopback.openai_server import OpenAIServer
from whatsapp_bot.bootstrap import App
from whatsapp_bot.errors import DatabaseConflict
from whatsapp_bot.records import Row
from whatsapp_bot.whatsapp.messages import LinkButton, ListMessage

TABLES_OF_A_PERSON = """
    SELECT table_name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name = 'user_id'
       AND table_name NOT IN (SELECT viewname FROM pg_views WHERE schemaname = 'public')
"""


def row(app: App, statement: str, *values: object) -> Row:
    with app.database.transaction() as cursor:
        cursor.raw.execute(statement, values)
        return cursor.raw.fetchall()[0]


def preferences(app: App, person: Person) -> Row:
    return app.preference_manager.get_user_preferences(person.id)


def onboard(person: Person, wishes: str = "driver work for Ikeja from 80k") -> str:
    person.writes(wishes)
    return person.presses("Yes, show jobs")


# --- onboarding


def test_two_messages_and_she_reads_jobs(
    person: Person, app: App, jobs: list[int]
) -> None:
    said = person.writes("I dey find driver work for Ikeja, salary from 80k")
    assert "Work: Driver\nPlace: Ikeja, Lagos\nPay: from ₦80k per month" in said
    assert "*delete my data*" in said  # what we keep is said in the first message
    page = person.presses("Yes, show work")
    assert "10 work dey for you" in page
    assert preferences(app, person)["job_roles"] == ["Driver"]
    (page_message, offer) = person.read
    assert isinstance(page_message, ListMessage)
    assert len(page_message.rows) == 10
    assert "Daily" in person.choices
    shown = row(app, "SELECT count(*) AS n FROM user_job_history")
    assert shown["n"] == 10
    assert row(app, "SELECT language FROM users")["language"] == "pcm"


def test_a_greeting_is_answered_with_what_to_write(person: Person) -> None:
    said = person.writes("Good morning")
    assert "What work do you want" in said and "Privacy" in said
    assert "Privacy" not in person.writes("hello")
    assert "Wetin" not in person.presses("Pidgin")
    assert "Which work you dey find" in person.text


def test_what_is_missing_is_asked_for_alone(person: Person) -> None:
    said = person.writes("Lekki, from 100k")
    assert "What work do you want?" in said
    assert "Place: Lekki, Lagos" in said
    said = person.writes("barbing")
    assert "Work: Barbing\nPlace: Lekki, Lagos\nPay: from ₦100k a month" in said


def test_the_draft_grows_and_is_corrected_by_words(person: Person) -> None:
    person.writes("driver in Lagos")
    said = person.writes("3 years experience, and from 90k")
    assert "Pay: from ₦90k a month" in said and "Experience: 3 years" in said
    said = person.writes("no, Abuja")
    assert "Place: Abuja" in said and "Lagos" not in said
    assert "did not understand" in person.writes("qwrtzpsd")


@pytest.mark.parametrize("word", ["help", "human", "alerts", "my data", "is it free?"])
def test_the_draft_outlives_a_word_about_something_else(
    word: str, person: Person, app: App
) -> None:
    person.writes("driver in Lagos")
    assert person.writes(word)
    person.writes("yes")
    assert preferences(app, person)["job_roles"] == ["Driver"]


def test_one_field_of_the_draft_is_changed_by_buttons(person: Person, app: App) -> None:
    person.writes("driver in Lagos")
    person.presses("Change")
    person.presses("Pay")
    said = person.presses("from ₦150k a month")
    assert "Work: Driver" in said and "Pay: from ₦150k a month" in said
    person.writes("yes")
    assert preferences(app, person)["salary_min"] == 150_000


def test_by_lists_alone(person: Person, app: App, jobs: list[int]) -> None:
    person.writes("hi")
    person.presses("Choose from lists")
    for choice in ("Driver", "Lagos", "any", "2 years", "on site", "full-time"):
        person.presses(choice)
    assert "Driver number" in person.presses("Yes, show jobs")
    saved = preferences(app, person)
    assert saved["years_of_experience"] == 2
    assert saved["work_arrangements"] == ["onsite"]
    assert saved["salary_min"] is None


def test_by_a_filled_form(person: Person, app: App) -> None:
    form = {"work": "Cook", "place": "Yaba", "pay": "70k", "arrangement": "onsite"}
    assert "Work: Cook\nPlace: Yaba, Lagos" in person.sends("form", form=form)
    person.writes("ok")
    assert preferences(app, person)["preferred_locations"] == ["Yaba, Lagos"]
    assert person.sends("form", form={"nonsense": "x"})


def test_what_the_rules_cannot_read_another_may(
    someone: PersonFactory, app: App
) -> None:
    asked: list[str] = []

    def understands(text: str) -> Row:
        asked.append(text)
        if text == "steer the talk":
            return {"job_roles": 7j, "state": "ready"}
        return {"job_roles": ["Cook"], "musts": ["salary"], "stop": True}

    person = someone(understands=understands)
    person.writes("driver in Lagos")
    assert asked == []
    assert "Work: Cook" in person.writes("I stir pot every day")
    assert asked == ["I stir pot every day"]
    assert "did not understand" in person.writes("steer the talk")
    person.writes("yes")
    assert preferences(app, person)["musts"] == []


def test_a_guess_stands_only_where_no_other_reader_knows_better(
    someone: PersonFactory,
) -> None:
    said = "from 90k, I stir pot every day"
    guess = "Work: Stir Pot\nPay: from ₦90k"
    assert guess in someone(understands=lambda _: None).writes(said)
    # It read the message, and found no work.
    nothing = someone(understands=lambda _: {})
    assert "What work do you want" in nothing.writes(said)
    assert "Place" not in nothing.writes("I stir pot for parties")
    # Where she was asked for her work alone, too.
    assert "did not understand" in nothing.writes("I stir the big pot")
    person = someone(understands=lambda _: {"job_roles": ["Cook"], "salary_min": 5.0})
    assert "Work: Cook\nPay: from ₦90k" in person.writes(said)
    person.writes("yes")
    person.presses_id("field:work")
    assert "Work: Cook" in person.writes("I stir the big pot")


# --- jobs


def test_any_work_is_the_newest_where_she_is(person: Person, jobs: list[int]) -> None:
    said = person.writes("abeg any work wey dey for Abuja")
    assert "Work: any one\nPlace: Abuja" in said
    assert "*1. Registered Nurse*" in person.writes("e correct")


def test_more_shows_the_unseen_and_then_says_that_there_is_none(
    person: Person, jobs: list[int]
) -> None:
    first = onboard(person)
    second = person.writes("mroe")
    assert "2 jobs for you" in second
    titles = {f"*{n}. " for n in range(1, 3)}
    assert all(title in second for title in titles)
    assert not set(person.choices) & {
        line.split(". ")[1].split("*")[0] for line in first.split("\n") if ". D" in line
    }
    said = person.writes("more")
    assert "No other job fits" in said
    assert person.choices == ["Look anywhere", "Any pay", "Change"]


def test_a_job_abroad_comes_only_when_she_would_go_there(
    person: Person, make: Factory
) -> None:
    make.job("Driver", company="One", location="Nairobi", country="KE")
    make.job("Driver", company="Two", location="Ikeja, Lagos", country="NG")
    page = onboard(person)
    assert "Ikeja" in page and "Nairobi" not in page
    assert "No other job fits" in person.writes("more")
    assert "Nairobi" in person.presses("Look anywhere")


def test_widening_takes_back_what_kept_jobs_away(
    person: Person, app: App, make: Factory
) -> None:
    make.job("Driver", location="Kano", country="NG")
    app.generator.embed_due()
    onboard(person)
    assert "No other job" in person.writes("jobs")
    person.presses("Any pay")
    person.presses("Look anywhere")
    saved = preferences(app, person)
    assert saved["salary_min"] is None
    assert (saved["preferred_locations"], saved["willing_to_relocate"]) == ([], True)


def test_a_number_opens_the_job_with_its_link(person: Person, jobs: list[int]) -> None:
    onboard(person)
    said = person.writes("2")
    link = person.read[0]
    assert isinstance(link, LinkButton)
    assert link.url.startswith("https://jobs.example/")
    assert "Why it fits:" in said and "Ikeja, Lagos · ₦90k–120k a month" in said
    assert person.choices == ["Save", "Not for me", "More jobs"]
    assert "goes up to 10" in person.writes("12")


def test_what_the_work_is_and_who_asks_for_money_is_said_where_skills_are_listed_too(
    person: Person, make: Factory
) -> None:
    job = make.job(
        "Driver",
        location="Ikeja, Lagos",
        skills=["Driving licence"],
        description="Drive our staff bus. Pay a registration fee.",
    )
    onboard(person)
    said = person.presses_id(f"1:job:{job}")
    assert "Drive our staff bus." in said
    assert "⚠ *Careful:* this posting speaks of a fee." in said


def test_a_row_pressed_weeks_later_opens_the_same_job_or_says_that_it_ended(
    person: Person, app: App, jobs: list[int]
) -> None:
    onboard(person)
    first = person.read[0]
    assert isinstance(first, ListMessage)
    old = first.rows[0]
    person.writes("more")
    assert old.title.removeprefix("1. ") in person.presses_id(old.id)
    job = int(old.id.rsplit(":", 1)[1])
    with app.database.transaction() as cursor:
        cursor.raw.execute(
            "UPDATE canonical_jobs SET status = 'closed' WHERE id = %s", [job]
        )
    assert "has ended" in person.presses_id(old.id)
    assert "has ended" in person.presses_id("1:job:999999999")
    assert person.choices == ["Show jobs"]


def test_saved_jobs_are_kept_with_those_that_ended(
    person: Person, app: App, jobs: list[int]
) -> None:
    onboard(person)
    assert "not saved any job yet" in person.writes("saved")
    person.presses_id(f"1:save:{jobs[0]}")
    person.presses_id(f"1:save:{jobs[1]}")
    with app.database.transaction() as cursor:
        cursor.raw.execute(
            "UPDATE canonical_jobs SET status = 'closed' WHERE id = %s", [jobs[0]]
        )
    assert (
        "*1. Driver number 2* · Firm 2 · Ikeja, Lagos\n\n"
        "*2. Driver number 1* · Firm 1 · Ikeja, Lagos · ended"
    ) in person.writes("saved")
    assert "Driver number 2" in person.writes("1")
    assert "has ended" in person.writes("2")


@pytest.mark.parametrize("how", ["button", "words", "at once"])
def test_what_is_not_for_her_never_comes_again_and_its_reason_is_kept(
    how: str, person: Person, app: App, jobs: list[int]
) -> None:
    onboard(person)
    person.writes("3")
    job = row(app, "SELECT (data->>'job')::int AS job FROM conversations")["job"]
    if how == "at once":
        person.writes("not for me 3 because too far")
    else:
        person.presses("Not for me")
        assert person.choices == ["Too far", "Pay too low", "Not my kind of work"]
        person.presses("Too far") if how == "button" else person.writes("too far")
    kept = row(
        app,
        "SELECT feedback, feedback_reason FROM user_job_history WHERE job_id = %s",
        job,
    )
    assert kept == {"feedback": "not_for_me", "feedback_reason": "too far"}
    assert "Change place" in person.choices
    assert job not in {
        match.job_id
        for match in app.controller.search_jobs_for_user(person.id, 20).matches
    }


def test_jobs_come_by_words_while_the_provider_is_down(
    person: Person, jobs: list[int], openai_server: OpenAIServer
) -> None:
    openai_server.close()
    assert "jobs for you" in onboard(person)
    assert "Why it fits" in person.writes("1")
    person.writes("save")
    assert "Driver" in person.writes("saved")


def test_a_posting_that_asks_for_money_is_marked(
    person: Person, app: App, make: Factory
) -> None:
    make.job("Driver", description="Pay a registration fee of N2,000.", country="NG")
    app.generator.embed_due()
    assert "⚠ check before you pay" in onboard(person, "driver")
    assert "never asks you to pay" in person.writes("1")


# --- settings


def test_one_wish_is_changed_alone(person: Person, app: App, jobs: list[int]) -> None:
    onboard(person)
    person.writes("settings")
    person.presses("Place")
    assert "Saved. Place: Abuja" in person.writes("abuja")
    saved = preferences(app, person)
    assert saved["preferred_locations"] == ["Abuja"]
    assert saved["job_roles"] == ["Driver"]
    person.writes("settings")
    person.presses("Pay")
    assert "did not understand" in person.writes("plenty")
    assert "Saved. Pay: from ₦100k a month" in person.writes("100")


def test_what_she_wants_to_change_is_asked_for_at_once(
    person: Person, app: App
) -> None:
    onboard(person)
    assert "Where do you want to work?" in person.writes("change my location")
    assert "Place: Abuja" in person.writes("Abuja")
    said = person.writes("change my salary to 150k")
    assert "Work: Driver\nPlace: Abuja\nPay: from ₦150k" in said
    person.writes("change my location")
    person.writes("Kano")
    assert "Place: Kano\nPay: from ₦150k" in person.text


def test_alerts_with_the_words_that_she_agreed_to(person: Person, app: App) -> None:
    onboard(person)
    person.presses("Daily")
    kept = row(app, "SELECT * FROM alert_settings")
    assert kept["cadence"] == "daily"
    assert kept["consent_at"] == person.now
    assert "you agree" in kept["consent_text"]
    assert kept["consent_source"] == "WhatsApp button"
    assert row(app, "SELECT consent FROM test_contacts")["consent"] is not None
    assert "paused until 05 Dec 2026" in person.writes("pause 2 weeks")
    until = row(app, "SELECT paused_until FROM alert_settings")["paused_until"]
    assert until == person.now + timedelta(days=14)
    assert "paused until" in person.writes("alerts")
    person.writes("resume")
    assert row(app, "SELECT paused_until FROM alert_settings")["paused_until"] is None
    person.writes("alerts off")
    kept = row(app, "SELECT cadence, consent_at FROM alert_settings")
    assert kept == {"cadence": "off", "consent_at": None}
    assert row(app, "SELECT consent FROM test_contacts")["consent"] is None


def test_she_is_offered_alerts_once(person: Person, jobs: list[int]) -> None:
    onboard(person)
    assert "Daily" in person.choices
    person.presses("No alerts")
    person.writes("jobs")
    assert "Daily" not in person.choices


# --- stop, data, delete


def test_after_stop_there_is_silence_until_start(
    person: Person, app: App, jobs: list[int]
) -> None:
    onboard(person)
    old = person.read[0]
    person.presses("Daily")
    assert "nothing more" in person.writes("please stop")
    assert row(app, "SELECT cadence FROM alert_settings")["cadence"] == "off"
    for text in ("jobs", "hello", "stop", "driver in Lagos", "help", "3"):
        assert person.writes(text) == ""
    assert isinstance(old, ListMessage)
    assert person.presses_id(old.rows[0].id) == ""
    assert person.sends("other", media="sticker") == ""
    assert "told us to stop" in person.writes("my data")
    assert "Welcome back" in person.writes("START")
    assert "jobs for you" in person.writes("jobs")


def test_cancel_ends_what_is_asked_and_else_our_messages(person: Person) -> None:
    onboard(person)
    person.writes("change pay")
    person.writes("cancel")
    assert "nothing more" not in person.text
    person.writes("delete my data")
    assert "nothing more" not in person.writes("cancel")
    assert "nothing more" in person.writes("CANCEL")


def test_who_found_work_is_asked_whether_to_stop(person: Person) -> None:
    onboard(person)
    assert "congratulations" in person.writes("I have found a job")
    assert "nothing more" in person.presses("Yes, stop")


def test_start_also_ends_a_stop_that_was_made_by_hand(person: Person, app: App) -> None:
    onboard(person)
    with app.database.transaction() as cursor:
        cursor.raw.execute(
            "INSERT INTO test_contacts (user_id, stopped_at) VALUES (%s, now())",
            [person.id],
        )
    assert person.writes("jobs") == ""
    assert "Welcome back" in person.writes("start")


def test_my_data_says_what_is_held(person: Person, jobs: list[int]) -> None:
    onboard(person)
    person.presses_id(f"1:save:{jobs[0]}")
    said = person.writes("my data")
    assert "Work: Driver\nPlace: Ikeja, Lagos" in said
    assert "1 saved" in said and "Job alerts are off" in said
    assert "numbers computed" in said


@pytest.mark.parametrize("is_stopped", [False, True])
def test_deleted_is_gone(
    is_stopped: bool, person: Person, app: App, jobs: list[int]
) -> None:
    onboard(person)
    person.presses("Daily")
    person.presses_id(f"1:refuse:{jobs[0]}")
    person.writes("I hate it")
    if is_stopped:
        person.writes("stop")
    assert "Delete everything" in person.writes("delete my data")
    assert "nothing is deleted" in person.writes("no")
    person.writes("delete my data")
    assert "Everything is deleted" in person.presses("Yes, delete all")
    with app.database.transaction() as cursor:
        cursor.raw.execute(TABLES_OF_A_PERSON)
        tables = [table["table_name"] for table in cursor.raw.fetchall()]
        assert {"conversations", "alert_settings", "user_vectors"} <= set(tables)
        for table in tables:
            cursor.raw.execute(f"SELECT count(*) AS n FROM {table}")
            assert cursor.raw.fetchall() == [{"n": 0}], table
    assert row(app, "SELECT count(*) AS n FROM users") == {"n": 0}
    assert person.writes("hello") == ""


def test_a_touched_button_of_weeks_ago_deletes_nothing(
    person: Person, app: App
) -> None:
    onboard(person)
    assert "Delete everything" in person.presses_id("1:delete_yes")
    person.writes("jobs")
    assert "Delete everything" in person.presses_id("1:delete_yes")
    assert row(app, "SELECT count(*) AS n FROM users") == {"n": 1}
    assert "Everything is deleted" in person.writes("yes, delete all")


def test_any_other_word_leaves_the_question_whether_to_delete(person: Person) -> None:
    onboard(person)
    person.writes("delete my data")
    person.writes("help")
    assert "You are welcome" in person.writes("yes")


# --- people and other kinds


def test_a_person_is_asked_for(
    someone: PersonFactory, make_app: AppFactory, app: App
) -> None:
    person = someone(make_app(HUMAN_CONTACT="help@firm.example"))
    assert "help@firm.example" in person.writes("talk to a person")
    since = row(app, "SELECT needs_person_at FROM conversations")["needs_person_at"]
    assert since == person.now
    person.writes("human abeg")
    again = row(app, "SELECT needs_person_at FROM conversations")["needs_person_at"]
    assert again == since


@pytest.mark.parametrize(
    ("media", "said"),
    [
        ("sticker", "*jobs*"),
        ("location", "city"),
        ("audio", "type"),
        ("document", "files"),
        ("image", "pictures"),
        ("contacts", "*human*"),
        ("unsupported", "text and buttons"),
    ],
)
def test_what_cannot_be_read_gets_a_short_answer(
    media: str, said: str, person: Person
) -> None:
    assert said in person.sends("other", media=media)
    assert len(person.read) == 1


def test_a_reaction_asks_for_nothing(person: Person) -> None:
    assert person.sends("other", media="reaction") == ""


def test_a_caption_is_read(person: Person) -> None:
    said = person.sends("other", media="image", text="cook work for Yaba")
    assert "Work: Cook" in said


def test_the_language_that_she_chose_stays(person: Person) -> None:
    person.writes("pidgin")
    assert "Wetin you dey find" in person.writes("I am looking for a driver job")
    person.writes("english")
    assert "You are looking for" in person.writes("I dey find cook work")


def test_buttons_of_another_time_are_safe(person: Person) -> None:
    for choice in (
        "1:yes",
        "1:job:x",
        "1:set:pay",
        "1:field:x",
        "1:why:1",
        "9:x",
        "1:x",
    ):
        assert person.presses_id(choice, text="Old"), choice
    assert "nothing more" in person.presses_id("0:old", text="STOP")


# --- once, whatever happens


def test_an_answer_made_twice_brings_about_the_same(
    person: Person, app: App, jobs: list[int]
) -> None:
    person.writes("driver in Ikeja")
    message = person.incoming("text", text="yes")
    lost = person.answer_to(message)  # its process died before it was stored
    again = person.answer_to(message)
    assert [type(m) for m in lost.messages] == [type(m) for m in again.messages]
    assert lost.messages == again.messages
    person.gets(again)
    with pytest.raises(DatabaseConflict):
        person.gets(lost)
    assert row(app, "SELECT count(*) AS n FROM user_job_history")["n"] == 10


def test_of_two_answers_from_one_state_the_second_is_refused(person: Person) -> None:
    one = person.answer_to(person.incoming("text", text="driver in Ikeja"))
    two = person.answer_to(person.incoming("text", text="cook in Yaba"))
    person.gets(one)
    with pytest.raises(DatabaseConflict):
        person.gets(two)


def test_what_another_version_stored_is_no_obstacle(person: Person, app: App) -> None:
    person.writes("driver in Lagos")
    with app.database.transaction() as cursor:
        cursor.raw.execute(
            "UPDATE conversations SET state = 'dancing',"
            """ data = '{"draft": 7, "page": "x", "job": [], "asked": "hat", "new": 1}'"""
        )
    assert "Work: Cook" in person.writes("cook in Yaba")
