from __future__ import annotations

import pytest

from whatsapp_bot.bot.understanding.stopping import is_stop

STOPS = """
STOP|stop|Stop.|stop it|STOP!!!|abeg stop|please stop|stooop|stpo|sotp|stp|stopp|STOP ALL
unsubscribe|unsubcribe|Unsubscribe me|unsuscribe|UNSUB|opt out|optout|opt-out|opt me out
comot me|commot my number|komot me abeg|remove me|remove my number|please remove me from this list
no send me message again|make you no send me message again|no disturb me again|no dey disturb me
leave me alone|leave me|abeg leave me|free me abeg|let me be|lemme rest|block me
stop sending me messages|stop disturbing me|stop texting me|stop messages|stop sending jobs
make una stop|una should stop|una don do stop|i don tire, stop|enough|quit|end|I want to stop
don't message me again|do not contact me|don't text me|never message me again
I no want this message again|i dont want your messages|I don't want alerts again|no more messages
take me off this list|S T O P|s.t.o.p|stop this thing|stop am|stop now|🛑 STOP 🛑|stop o
cancel my subscription|i wan stop|stop pls|oga stop|stop stop stop|ok stop|stop thanks|stopit
i want to unsubscribe|stop bot|stop na|Stop abeg no dey worry me|stop ur messages|stop dis thing
I am not interested in your messages|delete my number|abeg e don do|stop alerts|stop alert
STOP.|ＳＴＯＰ|Stop🙏|“stop”|stop, please!|daina|kwusi|sToP|stop everything|stop me|pls stop this
stop jobs|stop the jobs|Stop, I have found a job|STOP I don get work|pls stop all these jobs|🛑|⛔⛔
no text me again|no call me again|no write me again|make una no dey message me|abeg no disturb me
""".replace("\n", "|")
OTHERS = """
bus stop attendant work|work near Ojota bus stop|one stop shop attendant|driver for Bus Stop
I stopped working in 2020|non stop|don't stop|please dont stop sending me jobs|no stop o
I want to stop being a driver and become an accountant|stop and search officer|never stop
shop|step|top|shop attendant|full stop|driver|job for bus stop|I no want driver work
no driver work|send me jobs|i want more messages|delete my data|not for me|i dont want this job
no|pause|alerts off|I no want am|more|leave|i want to leave my job|weekend work|remove this job
cancel|end user support job|customer care|call center agent|I need message delivery job
front end developer|text editor|i don't want to work in Lagos|no alerts|spot|stock keeper|store
Store keeper|stay|i was told to stop at NYSC|I no get experience|I no want call center work
i no like am|i get driver license|taxi driver|stop watch repairer|start|delete|resume|hello|
I stop work last year, I dey find driver work|my work stop because company close
""".replace("\n", "|")


@pytest.mark.parametrize("text", [t for t in STOPS.split("|") if t])
def test_whoever_asks_us_to_stop_is_heard(text: str) -> None:
    assert is_stop(text)


@pytest.mark.parametrize("text", [t for t in OTHERS.split("|") if t])
def test_what_asks_for_something_else_is_no_stop(text: str) -> None:
    assert not is_stop(text)
