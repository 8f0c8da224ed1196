"""The places people name and where they are: tables only."""

from __future__ import annotations

from typing import Final

# State: capital and main towns. A town's name is its own city.
STATES: Final = """
Abia: Umuahia, Aba, Ohafia, Arochukwu
Adamawa: Yola, Mubi, Jimeta, Numan
Akwa Ibom: Uyo, Eket, Ikot Ekpene, Oron
Anambra: Awka, Onitsha, Nnewi, Ekwulobia
Bauchi: Bauchi, Azare, Misau
Bayelsa: Yenagoa, Brass, Ogbia
Benue: Makurdi, Gboko, Otukpo, Katsina Ala
Borno: Maiduguri, Biu, Bama
Cross River: Calabar, Ikom, Ogoja, Obudu
Delta: Asaba, Warri, Sapele, Ughelli, Effurun, Agbor, Abraka
Ebonyi: Abakaliki, Afikpo, Onueke
Edo: Benin City, Auchi, Ekpoma, Uromi, Okada
Ekiti: Ado Ekiti, Ikere Ekiti, Ijero, Oye Ekiti
Enugu: Enugu, Nsukka, Agbani, Oji River
FCT: Abuja
Gombe: Gombe, Kaltungo, Billiri
Imo: Owerri, Orlu, Okigwe, Oguta
Jigawa: Dutse, Hadejia, Gumel
Kaduna: Kaduna, Zaria, Kafanchan
Kano: Kano, Wudil, Gaya
Katsina: Katsina, Funtua, Daura
Kebbi: Birnin Kebbi, Argungu, Yauri
Kogi: Lokoja, Okene, Kabba, Idah, Ankpa
Kwara: Ilorin, Offa, Omu Aran, Jebba
Lagos: Lagos, Epe, Badagry
Nasarawa: Lafia, Keffi, Akwanga, Mararaba, Karu
Niger: Minna, Bida, Suleja, Kontagora
Ogun: Abeokuta, Ijebu Ode, Sagamu, Ota, Agbara, Ifo, Ilaro, Mowe, Ibafo, Sango Ota
Ondo: Akure, Ondo, Owo, Okitipupa, Ikare
Osun: Osogbo, Ile Ife, Ilesa, Ede, Iwo
Oyo: Ibadan, Ogbomoso, Iseyin, Saki
Plateau: Jos, Bukuru, Pankshin, Shendam
Rivers: Port Harcourt, Bonny, Eleme, Ahoada, Bori
Sokoto: Sokoto, Tambuwal, Wurno
Taraba: Jalingo, Wukari, Takum
Yobe: Damaturu, Potiskum, Gashua
Zamfara: Gusau, Kaura Namoda, Talata Mafara
"""
# City: areas that people name instead of it, and that count as the same city.
AREAS: Final = """
Lagos: Yaba, Ikeja, Lekki, Victoria Island, Ikoyi, Surulere, Ajah, Ikorodu, Apapa, \
Festac, Amuwo Odofin, Oshodi, Isolo, Mushin, Maryland, Gbagada, Ogudu, Ojota, Ketu, \
Magodo, Ojodu, Berger, Agege, Egbeda, Ikotun, Igando, Alimosho, Iyana Ipaja, Ipaja, \
Ogba, Oregun, Opebi, Allen Avenue, Alausa, Anthony Village, Ilupeju, Palmgrove, \
Bariga, Shomolu, Ebute Metta, Obalende, Lagos Island, Lagos Mainland, Marina, Epetedo, \
Sangotedo, Ibeju Lekki, Abraham Adesanya, Chevron, Ikate, Oniru, Banana Island, \
Eko Atlantic, Ojo, Okota, Ago Palace, Ejigbo, Iju, Abule Egba, Ayobo, Mile 2, \
Satellite Town, Orile, Ijora, Awoyaya, VGC, Fadeyi, Ojuelegba, Ilasamaja
Abuja: Wuse, Wuse 2, Garki, Maitama, Asokoro, Gwarinpa, Jabi, Utako, Kubwa, Lugbe, \
Nyanya, Karshi, Lokogoma, Galadimawa, Apo, Guzape, Katampe, Mabushi, Life Camp, \
Dutse Alhaji, Dawaki, Bwari, Gwagwalada, Kuje, Kuje Town, Abaji, Kwali, Zuba, Durumi, \
Gudu, Wuye, Idu, Karmo, Dei Dei, Mpape, Jikwoyi, Central Business District
Port Harcourt: Trans Amadi, Rumuola, Rumuokoro, Rumuigbo, Diobu, Elelenwo, Woji, \
Peter Odili, Oyigbo, Choba, Rumuodara, D-Line, D Line, GRA Phase 2, Ada George, \
Rumuokwuta, Garrison, Mile 3, Eliozu, Rumuomasi
Ibadan: Bodija, Ring Road, Mokola, Oluyole, Akobo, Agodi
Enugu: Independence Layout, New Haven, Abakpa
Benin City: Ugbowo, Ikpoba Hill, Uselu
Kano: Sabon Gari, Nassarawa GRA, Bompai
Kaduna: Barnawa, Kakuri
"""
ALIASES: Final[dict[str, str]] = {
    "ph": "port harcourt",
    "phc": "port harcourt",
    "ph city": "port harcourt",
    "portharcourt": "port harcourt",
    "vi": "victoria island",
    "v i": "victoria island",
    "fct": "abuja",
    "f c t": "abuja",
    "federal capital territory": "abuja",
    "fct abuja": "abuja",
    "abj": "abuja",
    "eko": "lagos",
    "lasgidi": "lagos",
    "benin": "benin city",
    "ife": "ile ife",
    "oshogbo": "osogbo",
    "ilesha": "ilesa",
    "ogbomosho": "ogbomoso",
    "shagamu": "sagamu",
    "otta": "ota",
    "sango": "sango ota",
    "somolu": "shomolu",
    "yanya": "nyanya",
    "gwarimpa": "gwarinpa",
    "zone 4": "wuse",
    "nassarawa": "nasarawa",
    "akwaibom": "akwa ibom",
    "naija": "nigeria",
}
# Code: the country's names; then, after a bar, the cities a reader would name alone.
COUNTRIES: Final = """
NG: Nigeria, Federal Republic of Nigeria
GH: Ghana | Accra, Kumasi, Tema, Takoradi
KE: Kenya | Nairobi, Mombasa, Kisumu
ZA: South Africa | Johannesburg, Cape Town, Durban, Pretoria
EG: Egypt | Cairo, Giza, Alexandria
ET: Ethiopia | Addis Ababa
RW: Rwanda | Kigali
UG: Uganda | Kampala
TZ: Tanzania | Dar es Salaam, Arusha
SN: Senegal | Dakar
CI: Ivory Coast, Cote d Ivoire, Côte d Ivoire | Abidjan
CM: Cameroon | Douala, Yaounde
BJ: Benin Republic, Republic of Benin | Cotonou
TG: Togo | Lome
NE: Niger Republic, Republic of Niger | Niamey
LR: Liberia | Monrovia
SL: Sierra Leone | Freetown
GM: Gambia, The Gambia | Banjul
MA: Morocco | Casablanca, Rabat
ZM: Zambia | Lusaka
ZW: Zimbabwe | Harare
BW: Botswana | Gaborone
CD: DR Congo, Democratic Republic of Congo | Kinshasa
AE: United Arab Emirates, Emirates | Dubai, Abu Dhabi, Sharjah
SA: Saudi Arabia | Riyadh, Jeddah
QA: Qatar | Doha
GB: United Kingdom, Great Britain, England, Scotland, Wales | London, Manchester, \
Leeds, Edinburgh, Glasgow
IE: Ireland | Dublin
US: United States, United States of America, America | New York, San Francisco, \
Los Angeles, Chicago, Houston, Austin, Seattle, Boston, Atlanta
CA: Canada | Toronto, Vancouver, Montreal, Ottawa, Calgary
DE: Germany, Deutschland | Berlin, Munich, Hamburg, Frankfurt
FR: France | Paris
NL: Netherlands, Holland | Amsterdam, Rotterdam
ES: Spain | Madrid, Barcelona
PT: Portugal | Lisbon, Porto
IT: Italy | Milan, Rome
PL: Poland | Warsaw
SE: Sweden | Stockholm
CH: Switzerland | Zurich, Geneva
TR: Turkey, Türkiye | Istanbul
IN: India | Bangalore, Bengaluru, Mumbai, Delhi, Hyderabad
PK: Pakistan | Karachi, Lahore
PH: Philippines | Manila
CN: China | Beijing, Shanghai
JP: Japan | Tokyo
SG: Singapore
MY: Malaysia | Kuala Lumpur
AU: Australia | Sydney, Melbourne
NZ: New Zealand | Auckland
BR: Brazil | Sao Paulo
"""
# Not Georgia, the country, nor Maryland, which is Lagos. "Santa Clara, California".
US_STATES: Final = """Alabama, Alaska, Arizona, Arkansas, California, Colorado,
Connecticut, Delaware, Florida, Hawaii, Idaho, Illinois, Indiana, Iowa, Kansas, Kentucky,
Louisiana, Maine, Massachusetts, Michigan, Minnesota, Mississippi, Missouri, Montana,
Nebraska, Nevada, New Hampshire, New Jersey, New Mexico, North Carolina, North Dakota,
Ohio, Oklahoma, Oregon, Pennsylvania, Rhode Island, South Carolina, South Dakota,
Tennessee, Texas, Utah, Vermont, Virginia, Washington, West Virginia, Wisconsin, Wyoming
"""
# Short names are only read as written in capitals: "us" and "uk" are words too.
CAPITALS: Final[dict[str, str]] = {
    "US": "US",
    "USA": "US",
    "UK": "GB",
    "UAE": "AE",
    "NG": "NG",
    "NGA": "NG",
    "GH": "GH",
    "KE": "KE",
    "RSA": "ZA",
    "DRC": "CD",
}
_NOT_A_PLACE_TEXT: Final = """any anywhere everywhere flexible remote remotely hybrid onsite on site worldwide
    global globally international nationwide home work from wfh online virtual none
    rest of the in or and near around within area city state office location multiple
    various locations all no preference open relocate relocation country abroad"""
NOT_A_PLACE: Final = frozenset(_NOT_A_PLACE_TEXT.split())
