"""Words that name work, and words that never do: tables only."""

from __future__ import annotations

from typing import Final

from whatsapp_bot.bot.understanding.plain import words_of
from whatsapp_bot.matching.words import GENERIC, SYNONYMS

LONGEST_WORD: Final = 30  # characters
# What people are called by their work; a few are the work itself, as people say it.
_ROLE_TEXT: Final = """
accountant acting actor actress actuary admin administrator advocate agent agronomist
analyst apprentice architect artist artisan assembler assistant associate attendant
attorney auditor author baker banker barber barbing barista barman bartender beautician
bodyguard bookkeeper bouncer bricklayer bricklaying broker builder butcher buyer caregiver
captain caretaker carpenter carpentry cashier caterer catering chef chemist choreographer
clerk cleaner cleaning coach coder collector comedian companion concierge conductor
consultant contractor controller cook cooking coordinator copywriter counsellor counselor
courier crane creator customer dancer data decorator delivery dentist designer developer
devops dietician dietitian digger director dispatch dispatcher dj doctor doorman doorkeeper
draughtsman dressmaker driller driver driving drycleaner economist editor educator
electrician electronics embroiderer employee engineer entertainer enumerator estimator
executive expert fabricator facilitator factory farmer farming farmhand fashion filmmaker
firefighter fisherman fitter florist foreman forklift fundraiser gardener gateman
generalist geologist geophysicist goldsmith graphics guard guide hairdresser hairdressing
hairstylist handyman headteacher helper horticulturist host hostess househelp housekeeper
housekeeping housemaid hr hse illustrator importer inspector installer instructor
interpreter interviewer investigator ironing janitor jeweller journalist judge keeper
kitchen labour laborer labourer laundry laundryman lawyer lecturer legal lesson librarian
lifeguard linguist loader lobbyist logistician logistics machinist magistrate maid makeup
manager manicurist marketer marketing mason masseur masseuse mathematician matron mechanic
mentor merchandiser merchandising microbiologist midwife miner minister model moderator
motivator musician nanny negotiator nurse nursing nutritionist observer officer operative
operator optician optometrist orderly packer packaging packing painter painting paralegal
paramedic parking pastor pathologist patrol pedicurist pharmacist photographer photography
physician physicist physiotherapist pilot planner plumber plumbing porter presenter
president printer principal procurement producer professor programmer promoter
proofreader prosecutor psychiatrist psychologist publicist purser radiographer receptionist
recruiter referee registrar repairer reporter representative researcher rider riding
roaster sailor sales salesboy salesgirl salesman salesperson saleswoman scaffolder
scientist scriptwriter seamstress secretary security server shoemaker shopkeeper singer
solicitor specialist statistician steward stewardess stockbroker storekeeper strategist
stylist supervisor supplier surgeon surveyor tailor tailoring teacher teaching technician
technologist telemarketer teller tester therapist tiler tiling trader trainee trainer
translator transporter treasurer tutor typist underwriter upholsterer usher vendor
veterinarian videographer vulcanizer vulcaniser waiter waitress warden washer washerman
washman watchman weaver webmaster welder welding winch worker writer writing zoologist
accounting accounts audit backend barber beauty bike biology bookkeeping branding bricklayer
broadcasting business casher chemistry cinematographer civil clinical coding
community compliance construction copywriting counselling cybersecurity database dataentry
dentistry design designing economics editing electrical engineering english entry estate
finance financial fintech forex frontend fullstack geography graphic hospitality human
resources ict industrial insurance interior inventory investment laravel literacy
mathematics maths mechanical mechatronics media medical microfinance networking
office okada keke oil gas operations petroleum pharmacy phlebotomist physics pos product
production programming project property python quantity raider records relationship risk
scrum seo shipping social software solar spa statistics store supply support tax
telecom telecoms telesales testing tourism trading transport treasury truck tricycle ui ux
virtual warehouse waste web wordpress yoga it java javascript react node php flutter android
excel animation animator cctv crèche creche nail nails lash wig bakery confectionery pastry
phone repairs repair trailer truck drive clean sew 
""".replace("\n", " ")
# Where people work: with a word for work it says enough, beside a role it is a trade.
WORKPLACES: Final = words_of("""bank banking hospital clinic school hotel restaurant factory company supermarket
    mall church mosque ngo farm airport airline embassy government ministry university
    college oil gas tech fintech telecom pharmacy bakery lounge bar club gym salon
    filling petrol station eatery warehouse shop boutique refinery laboratory lab""")
# Never a role, nor a part of one.
FILLER: Final = words_of("""a an the i im am is are was be been being me my mine we us our you your u ur una una
    he she they them it its this that these those dis dat dem e o oo ooo oh ah eh abeg
    please pls plz plss kindly dey find looking look seeking seek search searching searchin
    need needs needed want wants wanted wan wanna get getting got give gimme help helping
    hello hi hey good morning afternoon evening day night how far wetin wey wetin sir ma
    madam oga boss bro bros sis dear thank thanks god bless job jobs work works working wrk
    employment employ employed vacancy vacancies position positions role roles opening
    openings opportunity opportunities career gig gigs hustle hire hiring apply applying
    application available urgent urgently asap any anything anywhere some something
    somewhere new nice better best great decent quick in on at for from to of by with
    without near around within inside close beside about and or but so if then than as
    like also still just only even very really well much many more most less have has had
    having can could fit will would shall should may might must do does did doing done don
    go going come coming came there here where which who what when why no not nor never yes
    yeah ok okay visa sponsorship area axis side environs environ location state city town island mainland
    live living stay staying based reside base resident salary pay paying wage wages
    income earn money monthly month year years week weekly daily per minimum maximum least
    experience experienced experiences exp yrs yr graduate graduated degree certificate
    holder holders bsc b.sc hnd ond msc ssce waec neco nysc level fresh fresher currently
    now today presently recently already ever every all both either another other one
    person people man woman boy girl male female guy lady preferred prefer preferably
    interested interest passion ready willing relocate relocation open start starting
    immediately sabi know knows use using make mek una naija nigeria nigerian wan
    sef sha shey abi nau na nah pikin body hand sharp sharply something kind type types
    sort related relevant field line department company companies firm organisation
    organization place places full part time fulltime parttime remote hybrid onsite
    available currently am skilled qualified professional certified trained
    hardworking fine teach own teaches learn learning was since till until because reach above over between up send show tell let
    wish hope hoping trying try see seen register registering subscribe join update
    self myself name called country abroad outside home house nearby close real legit
    genuine e.g i.e etc job? comot happy glad love enjoy want's i'd i'm i've ive id don't dont
    cant can't doesnt didnt isnt whatsapp bot message chat lots lot way ways things thing
    once twice again too low high far suit suitable dem wia where's wey's via years'""")
# Words that tell the trade of what follows, and are no role alone in a sentence.
KEPT_TOGETHER: Final = (
    "full stack",
    "health and safety",
    "oil and gas",
    "food and beverage",
    "sales and marketing",
    "monitoring and evaluation",
    "research and development",
    "learning and development",
    "hair and beauty",
    "human resource",
    "front desk",
    "make up",
    "house cleaning",
    "gate man",
    "security man",
    "delivery man",
    "dispatch man",
    "sales girl",
    "sales boy",
    "house boy",
    "house girl",
    "bar girl",
    "it job",
    "it work",
    "it support",
    "it officer",
    "it manager",
    "it specialist",
    "it technician",
    "customer care",
    "customer service",
    "house help",
    "bus stop",
    "one stop",
    "home lesson",
    "home tutor",
    "home teacher",
    "home care",
    "day care",
    "front office",
    "graduate trainee",
    "night guard",
    "shop attendant",
    "shop keeper",
    "hotel manager",
    "school teacher",
    "bank teller",
    "product manager",
    "part time lecturer",
)


def _synonym_words() -> frozenset[str]:
    lines = SYNONYMS.replace("\\\n", " ").strip().splitlines()
    phrases = " ".join(line.replace(":", " ").replace(",", " ") for line in lines)
    return frozenset(word for word in phrases.split() if len(word) > 2)


# Of the words above, those that are work only beside another, or where she says so: "call
# center", not "call me".
WEAK: Final = words_of(
    """account artificial back call capital care center centre chain client contact control
    desk development end environment front gate giver hair head information intelligence
    learning machine market operation personal registered relation resource school science
    service staff stack success talent technology video people human resources phone
    risk store support waste"""
)
ROLE_WORDS: Final = frozenset(_ROLE_TEXT.split()) | GENERIC | _synonym_words() - FILLER
