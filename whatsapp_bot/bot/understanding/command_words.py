"""What people say for each command, in English and Pidgin: a table only.

Compared with the whole message, without what is said around it; small slips are forgiven.
"""

from __future__ import annotations

from typing import Final

from whatsapp_bot.bot.understanding.plain import words_of

PHRASES: Final[dict[str, str]] = {
    "jobs": """jobs, job, show jobs, show me jobs, see jobs, view jobs, find jobs, find job,
        get jobs, search, search jobs, new jobs, new job, my jobs, matches, my matches,
        available jobs, latest jobs, job list, list, list jobs, show job, see job, vacancies,
        vacancy, work, show work, show me work, see work, find work, find me work,
        find me job, give me job, give me work, which work dey, wetin dey, wetin you get,
        which job dey, any job, any work, any new job, any new work, job dey, work dey,
        i need job, i need work, i need a job, i want job, i want work, i want a job,
        i wan work, i wan see jobs, i wan see work, jobs for me, work for me, show,
        show me, make i see work, make i see jobs, bring work, bring jobs, check jobs,
        today jobs, todays jobs, what jobs are there, what do you have""",
    "more": """more, more jobs, more job, next, next page, show more, show me more, see more,
        load more, other jobs, others, another, another one, more work, give me more,
        add more, add am, continue list, more please, e remain, wetin remain, bring more,
        next ones, next jobs, other ones, i want more, i wan more, more dey""",
    "save": """save, save it, save this, save job, save this job, keep it, keep, keep am,
        save am, bookmark, like, i like it, i like this, i like am, shortlist""",
    "saved": """saved, saved jobs, my saved jobs, show saved, show saved jobs, saved job,
        bookmarks, my saved, see saved jobs, wetin i save, jobs wey i save, favourites,
        favorites, saved list, see saved""",
    "refuse": """not for me, no for me, not interested, not my work, not my job, no be my
        work, e no be for me, no be for me, i no want am, i no want this one, i no like am,
        i dont want it, i dont like it, i dont like this, dont like, not this, not this one,
        skip, skip this, hide, hide this, reject, pass, not good, not suitable, dislike,
        i no want this work, no be my kind work, remove this job, bad match""",
    "settings": """settings, setting, my settings, preferences, preference, my preferences,
        profile, my profile, change, edit, update, change settings, edit profile,
        update profile, change my details, edit preferences, change preferences,
        change my preferences, i wan change am, i want to change, make i change am,
        change something, my wishes""",
    "alerts": """alerts, alert, my alerts, notifications, notification, job alerts,
        job alert, notify me, alert settings, alerts on, alert on, turn on alerts,
        set alert, set alerts, send me alerts, i want alerts, dey alert me""",
    "alerts_daily": """alerts daily, alert daily, daily alerts, daily alert, daily, every day,
        everyday, once a day, send daily, every morning, each day, alerts every day,
        alerts everyday""",
    "alerts_instant": """alerts instant, alert instant, instant alerts, instant alert,
        instant, instantly, immediately, at once, as they come, real time, realtime,
        alerts now, alerts immediately, sharp sharp""",
    "alerts_off": """alerts off, alert off, no alerts, no alert, turn off alerts, off alerts,
        off alert, alerts no, disable alerts, switch off alerts, mute alerts,
        alerts none, off am""",
    "pause": """pause, pause alerts, pause jobs, break, take a break, hold on, snooze, mute,
        pause it, pause for now, pause am, hold am, wait small, give me break""",
    "resume": """resume, resume alerts, unpause, continue, continue alerts, go on, unmute,
        carry on""",
    "start": """start, start again, restart, begin, begin again, unstop, subscribe,
        resubscribe, come back, i am back, im back, i don come back, i don return, opt in,
        optin, start am, activate, reactivate, start messages, i want to start,
        make we start, oya start""",
    "help": """help, help me, commands, command, menu, main menu, info, how, how it works,
        how does it work, how e dey work, how this thing dey work, what can you do,
        wetin you fit do, instructions, guide, options, how to use, how i go use am,
        i no understand,
        i dont understand, ?, home, back, assist""",
    "my_data": """my data, mydata, my information, my info, data, show my data, send my data,
        see my data, what do you know about me, what do you have on me, wetin you know
        about me, wetin you sabi about me, wetin una get about me, privacy, my privacy,
        privacy policy, export my data, download my data, give me my data, get my data,
        my details, show my details, send me my data""",
    "delete": """delete my data, delete my account, delete account, delete me, delete,
        delete everything, erase my data, erase me, remove my data, remove my account,
        forget me, delete my information, delete my info, delete my details, clear my data,
        delete all my data, close my account, comot my data, delete data, wipe my data,
        delete my profile, clear everything, delete all, abeg delete my data""",
    "human": """human, agent, person, talk to a person, talk to person, talk to human,
        talk to a human, talk to someone, talk to somebody, speak to someone,
        speak to a person, speak to an agent, real person, call me, contact, contact us, complain, complaint,
        i want to talk to someone, i wan talk to person, i wan talk to somebody,
        make i talk to person, connect me to person, live agent, report, admin person""",
    "english": "english, speak english, use english, in english, english please",
    "pidgin": """pidgin, pigin, pidgin english, speak pidgin, use pidgin, broken,
        broken english, talk pidgin, yarn pidgin, in pidgin, naija""",
    "about": """is it free, is this free, how much, how much is it, do i pay, do i need to pay,
        is this real, is this legit, are you real, are you a robot, are you human, is this a scam,
        na scam, na scam be this, is it scam, una dey collect money, how much una dey charge,
        how much you dey charge, are you a bot, na robot be this, una be scam, is this genuine,
        can i trust you, who are you, who be you, what is this, wetin be this""",
    "applying": """how do i apply, how to apply, how i go apply, how can i apply, apply,
        how i fit apply, i want to apply, i wan apply, where do i apply""",
    "yes": """yes, yess, y, yeah, yep, yup, yea, yah, ya, sure, ok, okay, correct, right, true,
        exactly, thats right, that is right, thats correct, it is correct, fine, good,
        confirm, confirmed, i agree, agreed, go ahead, proceed, na so, na him, na im, na true,
        e correct, e dey correct, correct correct, oya, ehen, e good, e okay, yes o, yes na,
        no problem, alright, perfect, is correct, yes show jobs, yes show work,
        yes delete all, yes delete, yes delete it, yes clear all, 👍""",
    "no": """no, n, nope, nah, not correct, wrong, incorrect, not right, no o, e no correct,
        no be so, na lie, never mind, nevermind, forget it, dont, not really, no thanks,
        no thank you, leave am, leave it, no keep it, mba, rara, aa, lai lai, no way""",
    "cancel": "cancel, cancel it, cancel am, cancel this, cancel all, cancel everything, abort, revoke",
    "hired": """hired, i am hired, i was hired, i got hired, i got a job, i got job, i got the job,
        i have got a job, got a job, got job, i found a job, i found job, i found work,
        i have found a job, i have found work, found a job, found job, found work,
        i have a job, i have a job already, i have a job now, i got a job already, i got a new job,
        i don get work, i don get job, i don see work, i don see job, don get work, don get job,
        i already have a job, i already got a job, i am employed, i am employed now, im employed,
        i am working now, i have been employed, i was employed, i secured a job, i have started work,
        i no dey find work again, i no dey find job again, no longer looking,
        i am no longer looking, i am no longer looking for a job, not looking again,
        i dont need a job again, i no need work again, i no need job again""",
    "thanks": """thanks, thank you, thank you so much, thanks a lot, thank u, tank you,
        thanks you, god bless you, god bless, thanks so much, thank you sir, thank you ma,
        i appreciate, appreciated, una do well, you do well, well done, nice one, cool,
        great, awesome, wonderful, bye, good night, ok thanks, okay thanks, ok thank you,
        i don see am, seen, noted, amen""",
    "greeting": """hi, hello, hey, helo, hallo, good morning, good afternoon, good evening,
        good day, how far, how are you, how una dey, how you dey, sup, whats up, wassup, hy,
        hii, morning, afternoon, evening, gm, greetings, hello there, hi there, holla, yo,
        xup, how body, how e dey go, i greet, i hail, hw far, bawo, sannu, kedu, hello good
        morning, hello good afternoon, hello good evening, are you there, anybody there""",
}
# Said around a command, and changes nothing.
AROUND: Final = words_of("""please pls plz plss abeg biko jare jor joor ejo o oo oh ah na nah nau now kindly oga
    sir ma madam bros bro sis boss dear the a just sha sef ooo thanks again bot una u""")
# A letter away from a command, and words of their own.
NEVER_MEANT: Final = words_of("""jos chaplain cook book cool core mode move mole sore lore sale safe same wave gave cave have
    save saver starts stars smart state stark stare shop hell held hope heap halt cause
    passed past pays page host hole hold hour nurse maid mail male main cashier listed lost
    last least store sport born morn horn mere mare were there where here menus venue
    agents gent client event work word fork pork world worker words text test texts exit
    next need reset rest nest best west person prison daily dairy daisy alert alter
    driver rider buyer typist pilot clerk guard baker tiler nanny helper chef waiter
    tutor coach farmer trader admin sales office nurses report reporter support search
    research export expert editor edit delete broken english""")
