"""A CSV of the shape of AG News: class, title, description, no header, no row twice."""

from __future__ import annotations

import csv
import random
from pathlib import Path

TRAIN_ROWS, TEST_ROWS = 120_000, 7_600
WHO = (
    "The company|Officials|Two scientists|A spokesman|The central bank|Investors|"
    "The coach|Rebels|A court|The software maker|Farmers|The airline|Prosecutors|"
    "The space agency|Voters|An oil producer|The champions|Researchers|The regulator"
)
DID = (
    "said on Tuesday that|announced late on Friday that|warned again this week that|"
    "denied reports that|told reporters in London that|expects that|confirmed that"
)
WHAT = (
    "profits for the quarter rose faster than analysts had expected|a ceasefire in the "
    "north will hold until the election|the security hole lets attackers read any file|"
    "crude oil may pass fifty dollars a barrel before the winter|the probe will enter "
    "the orbit of Saturn next month|the team needs another striker before the season|"
    "thousands of jobs will go when the two banks merge|the new search engine finds "
    "pictures as well as pages|the storm has closed most platforms in the Gulf|a vaccine "
    "could be ready within three years|the trade deficit narrowed in September"
)
AND = (
    "while shares fell in heavy trading in New York|and talks go on behind closed doors|"
    "though critics call the plan too expensive|after a record crowd watched the final|"
    "as demand from China keeps growing|but users should not panic, experts added|"
    "and a decision is expected before the weekend|which nobody had thought possible"
)
PLACES = (
    "Reuters|AP|Washington|Baghdad|Athens|Moscow|San Francisco|Lagos|Tokyo|Brussels"
)
SIZES = (5, 8)  # words of a title taken from its description


def write_news(path: Path, rows: int, seed: int) -> None:
    """About as long as AG News' rows: 8 words of title, 31 of description."""
    pick = random.Random(seed)
    parts = [part.split("|") for part in (PLACES, WHO, DID, WHAT, AND)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        for number in range(rows):
            place, who, did, what, and_ = (pick.choice(part) for part in parts)
            title = f"{who} {' '.join(what.split()[: pick.randint(*SIZES)])}"
            text = f"{place} - {who} {did} {what}, {and_}. Report {number} of {rows}."
            writer.writerow([number % 4 + 1, title, text])
