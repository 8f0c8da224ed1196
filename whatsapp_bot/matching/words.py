"""What words of titles and skills mean to this trade: tables only."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Say how senior or how urgent, or are furniture; never what the work is.
IGNORED: Final[frozenset[str]] = _words(
    """senior sr snr junior jr jnr lead principal mid level graduate head chief
    experienced expert i ii iii iv a an the and or of for in at to with on as is by my me
    we am be any good other job work role position opening vacancy vacancies career
    needed wanted want need looking look seeking seek find get please hiring hire urgent
    urgently immediate immediately recruit recruiting female male candidate remote
    remotely hybrid onsite full part time fulltime parttime contract permanent temporary
    temp freelance nysc professional team staff personnel new paid salary pay month
    monthly year years experience k m ngn naira per from home area can do will would like
    that this have has not no"""
)
# Nouns that many kinds of work share: they agree on little.
GENERIC: Final[frozenset[str]] = _words(
    """manager officer executive assistant associate specialist coordinator supervisor
    representative agent attendant worker operator personnel intern trainee advisor
    director consultant expert professional member partner leader lady man girl boy
    woman"""
)
# Nouns of a whole family of trades: the word before them decides as much as they do.
BROAD: Final[frozenset[str]] = _words(
    "engineer analyst designer technician teacher scientist writer"
)
KEPT: Final[frozenset[str]] = BROAD | _words("developer customer computer office")
# Where an engineer is a developer.
SOFTWARE: Final[frozenset[str]] = _words(
    """software backend frontend fullstack web mobile android ios python java javascript
    typescript php react node golang flutter django laravel devops cloud platform ai ml
    qa ui"""
)
# What everyday speech says in several ways: one word for all of them.
SYNONYMS: Final = """
: entry level
accountant: accountants, account officer, accounting officer, account clerk, \
accounts assistant, account assistant, accounting assistant
accountmanager: account manager
accounting: accounts, account, accounting
admin: administrative, administrator, administration, office administrator, office admin
admin assistant: office assistant, clerical officer
ai: artificial intelligence
analyst: analytics, analysis, analyse
backend: back end
bizdev: business development, business developer, biz dev
caregiver: care giver, carer, caregiving
cook: chef, cooking
customerservice: customer care, customer service, customer support, \
customer experience, customer success, client service, call center, call centre, \
customer relation, contact center
cybersecurity: cyber security, information security
dataentry: data entry
designer: design, designing
developer: programmer, coder, dev, programming
doctor: medical doctor, medical officer, physician
driver: chauffeur, driving
electrician: electrical technician
engineer: engineering
finance: financial
frontend: front end
fullstack: full stack
hairstylist: hair stylist, hairdresser, hair dresser
headteacher: head teacher, headmaster, headmistress, school principal
housekeeper: house keeper, housekeeping
hr: human resource, people operation, people op, human capital
hse: health safety environment, health safety, health safety security environment, \
safety, qhse, ehs, shes
it: information technology, ict
itsupport: it support, help desk, helpdesk, desktop support, service desk
janitor: cleaner, cleaning
lawyer: legal officer, legal counsel, legal practitioner, solicitor, barrister, attorney
manager: management, managing
marketing: marketer, market
mathematics: maths, math
ml: machine learning
nurse: rn, registered nurse, staff nurse, nursing officer, nursing
personalassistant: personal assistant, executive assistant, pa
pharmacist: pharmacy
procurement: purchasing, buyer
quality: qa, qc, quality assurance, quality control
receptionist: front desk, front desk officer, front office
recruiter: recruitment, talent acquisition
rider: dispatch rider, delivery rider, dispatch man, bike man, bikeman, bike rider, \
dispatch, delivery man
sales representative: sales rep, salesman, salesperson, salesgirl, salesboy
scientist: science
security: security guard, security officer, security man, gateman, gate man
socialmedia: social media
software developer: software development
storekeeper: store keeper
supplychain: supply chain
teacher: tutor, educator, teaching, instructor, schoolteacher
technician: technologist
videoeditor: video editor, video editing
virtualassistant: virtual assistant
waiter: waitress, waitstaff
web developer: web development
writer: writing, copywriter
"""
SKILL_ALIASES: Final = """
javascript: js, java script
typescript: ts
node.js: nodejs, node js, node
react: reactjs, react.js
vue: vuejs, vue.js
power bi: powerbi, microsoft power bi
postgresql: postgres
sql server: mssql, ms sql, microsoft sql server
excel: ms excel, microsoft excel, ms-excel, spreadsheets
word: ms word, microsoft word
access: ms access, microsoft access
powerpoint: ms powerpoint, microsoft powerpoint, power point
microsoft office: ms office, office suite, microsoft office suite, ms office suite
c#: c sharp, csharp
.net: dotnet, dot net, asp.net
go: golang
aws: amazon web services
gcp: google cloud, google cloud platform
kubernetes: k8s
machine learning: ml
customer service: customer care, customer support
ui/ux: ui ux, ux/ui, uiux
seo: search engine optimization, search engine optimisation
quickbooks: quick books
autocad: auto cad
adobe photoshop: photoshop
adobe illustrator: illustrator
html: html5
css: css3
"""
# Also plain English words: in running text only the name, with its capital, counts.
NEEDS_CAPITAL: Final[frozenset[str]] = _words(
    """excel outlook swift rust react sketch unity shell sage slack spark canvas notion
    figma node vue oracle ts js ml"""
)
# Letters, verbs and sentence openers ("Access to a car"): only where a list or a
# preposition shows that the tool is meant.
NEEDS_CONTEXT: Final[frozenset[str]] = _words(
    "r c go word access teams express spring rest make zoom"
)
