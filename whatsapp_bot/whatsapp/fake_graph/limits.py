"""Meta's figures, written down a second time on purpose: what checks the product's
limits must not take them from the product.

Sources are Meta's pages under developers.facebook.com/documentation/business-messaging/
whatsapp, by their last part; "pywa" is that library's documentation, "2nd" a report of
somebody else.
"""

from __future__ import annotations

TEXT_BODY = 4_096  # characters; pywa
# interactive-reply-buttons
BUTTONS = 3
BUTTON_TITLE = 20
BUTTON_ID = 256
BUTTONS_BODY = 1_024
# interactive-list
LIST_SECTIONS = 10
LIST_ROWS = 10  # in all sections together
ROW_TITLE = 24
ROW_DESCRIPTION = 72
ROW_ID = 200
SECTION_TITLE = 24
LIST_BUTTON = 20
LIST_BODY = 4_096
# both
HEADER_TEXT = 60
FOOTER_TEXT = 60
# interactive-cta-url, interactive flow; 2nd and pywa
LINK_LABEL = 20
LINK_BODY = 1_024
FLOW_LABEL = 20

CALLBACK_DATA = 512  # characters of biz_opaque_callback_data; status
TEMPLATE_BODY = 1_024  # characters once its values are in; template components

WINDOW_SECONDS = 24 * 3_600  # customer service window; send-messages
PAIR_SECONDS = 6  # one message per person in so many seconds; about-the-platform
PAIR_BURST = 45  # borrowed from the future; about-the-platform
MESSAGES_PER_SECOND = 80  # in and out, per business number; throughput
TYPING_SECONDS = 25  # typing-indicators

UPDATES_PER_POST = 1_000  # create-webhook-endpoint
# "Retried immediately, then a few more times with decreasing frequency over the next 7
# days" (create-webhook-endpoint): how often is not said, so this is a guess.
RETRY_SECONDS = (
    *(0, 10, 30, 60, 300, 900, 3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600),
    *(24 * 3_600,) * 6,
)
GIVE_UP_SECONDS = 7 * 24 * 3_600
ANSWER_SECONDS = 10  # for our 200; 2nd: 5 to 10

# Dollars per delivered message to Nigeria; 2nd, one transcription of Meta's rate card.
# A service message costs what a utility template does; 2nd.
PRICES = {"marketing": 0.0516, "utility": 0.0067, "authentication": 0.0067}
PRICES["service"] = PRICES["utility"]
FREE_SERVICE_MESSAGES = 1_000  # per business number and month; 2nd
