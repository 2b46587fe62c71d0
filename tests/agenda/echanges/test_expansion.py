"""Ce qu’un calendrier reçu occupe ; et les calendriers faits pour nuire."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from agenda.echanges.entree import expanser
from agenda.echanges.expansion import EVENEMENTS_MAX, Illisible, occupees
from agenda.echanges.telechargement import LectureImpossible

PARIS = ZoneInfo("Europe/Paris")
DEBUT = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
FIN = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)


def ics(*evenements: str, avant: str = "") -> bytes:
    corps = "".join(f"BEGIN:VEVENT\nUID:{n}\n{e}\nEND:VEVENT\n" for n, e in enumerate(evenements))
    texte = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{avant}{corps}END:VCALENDAR\n"
    return texte.replace("\n", "\r\n").encode()


def lues(contenu: bytes, fuseau: str = "Europe/Paris") -> list[str]:
    zone = ZoneInfo(fuseau)
    return [
        f"{de.astimezone(zone):%d %H:%M}-{a.astimezone(zone):%d %H:%M}"
        for de, a in occupees(contenu, DEBUT, FIN, zone)
    ]


UN = "DTSTART:20261124T090000Z\nDTEND:20261124T100000Z"
TOKYO = (
    "BEGIN:VTIMEZONE\nTZID:Japon\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0900\n"
    "TZOFFSETTO:+0900\nEND:STANDARD\nEND:VTIMEZONE\n"
)


@pytest.mark.parametrize(
    ("contenu", "attendues"),
    [
        pytest.param(ics(UN), ["24 10:00-24 11:00"], id="en UTC"),
        pytest.param(
            ics("DTSTART;TZID=America/New_York:20261124T090000\nDURATION:PT30M"),
            ["24 15:00-24 15:30"],
            id="d’un autre fuseau, durée",
        ),
        pytest.param(
            ics("DTSTART;TZID=Japon:20261124T180000\nDTEND;TZID=Japon:20261124T190000", avant=TOKYO),
            ["24 10:00-24 11:00"],
            id="fuseau défini par le fichier",
        ),
        pytest.param(
            ics("DTSTART:20261124T090000\nDTEND:20261124T100000"), ["24 09:00-24 10:00"], id="heure flottante"
        ),
        pytest.param(ics("DTSTART;VALUE=DATE:20261124"), ["24 00:00-25 00:00"], id="jour entier"),
        pytest.param(
            ics("DTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20261126"),
            ["24 00:00-26 00:00"],
            id="deux jours",
        ),
        pytest.param(ics(f"{UN}\nTRANSP:TRANSPARENT"), [], id="libre"),
        pytest.param(ics(f"{UN}\nSTATUS:CANCELLED"), [], id="annulé"),
        pytest.param(ics(f"{UN}\nX-MICROSOFT-CDO-BUSYSTATUS:FREE"), [], id="libre pour Outlook"),
        pytest.param(ics("DTSTART:20261124T090000Z"), [], id="sans durée"),
        pytest.param(ics("DTSTART:20251124T090000Z\nDTEND:20251124T100000Z"), [], id="passé"),
        pytest.param(
            ics(f"{UN}\nRRULE:FREQ=DAILY;INTERVAL=2\nEXDATE:20261126T090000Z"),
            ["24 10:00-24 11:00", "28 10:00-28 11:00"],
            id="répétition sans fin, une exception",
        ),
        pytest.param(
            ics(
                f"{UN}\nRRULE:FREQ=DAILY;COUNT=2",
            ).replace(b"END:VCALENDAR", b"")
            + b"BEGIN:VEVENT\r\nUID:0\r\nRECURRENCE-ID:20261125T090000Z\r\nDTSTART:20261125T140000Z\r\n"
            b"DTEND:20261125T150000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            ["24 10:00-24 11:00", "25 15:00-25 16:00"],
            id="occurrence déplacée",
        ),
        pytest.param(
            ics(UN, "DTSTART:20261124T093000Z\nDTEND:20261124T103000Z"), ["24 10:00-24 11:30"], id="réunies"
        ),
        pytest.param(
            ics("DTSTART:20200101T000000Z\nDTEND:20300101T000000Z"),
            ["23 01:00-30 01:00"],
            id="bornée à la fenêtre",
        ),
        pytest.param(ics(), [], id="vide"),
    ],
)
def test_ce_qui_est_occupe_l_est_a_l_heure_du_lieu(contenu, attendues):
    assert lues(contenu) == attendues


def test_le_jour_entier_est_celui_du_lieu():
    contenu = ics("DTSTART;VALUE=DATE:20261124")

    assert lues(contenu, "Pacific/Tahiti") == ["24 00:00-25 00:00"]
    assert lues(contenu, "Indian/Reunion") == ["24 00:00-25 00:00"]


@pytest.mark.parametrize(
    "contenu",
    [
        pytest.param(b"", id="vide"),
        pytest.param(b"<html>Connectez-vous</html>", id="page web"),
        pytest.param(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", id="coupé"),
        pytest.param(ics(*["DTSTART:20261124T090000Z"] * (EVENEMENTS_MAX + 1)), id="trop d’événements"),
        pytest.param(ics("DTSTART:20261123T000000Z\nDURATION:PT1S\nRRULE:FREQ=MINUTELY"), id="chaque minute"),
    ],
)
def test_un_calendrier_illisible_ou_demesure_se_refuse(contenu):
    with pytest.raises(Illisible):
        lues(contenu)


@pytest.mark.parametrize(
    "contenu",
    [
        pytest.param(
            ics("DTSTART:19700101T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"),
            id="répétition qui ne vient jamais",
        ),
        pytest.param(ics(UN) + b"X" * 1_000_001, id="trop gros"),
    ],
)
def test_une_bombe_est_arretee_sans_rien_rendre(contenu, monkeypatch):
    monkeypatch.setattr("agenda.echanges.entree.DELAI_S", 3)

    with pytest.raises(LectureImpossible):
        expanser(contenu, fuseau="Europe/Paris", maintenant=DEBUT, horizon=dt.timedelta(days=60))


def test_le_processus_a_part_rend_les_memes_bornes():
    contenu = ics(f"{UN}\nSUMMARY:Rendez-vous privé\nRRULE:FREQ=WEEKLY")

    rendues = expanser(contenu, fuseau="Europe/Paris", maintenant=DEBUT, horizon=FIN - DEBUT)

    assert rendues == occupees(contenu, DEBUT - dt.timedelta(days=1), FIN, PARIS)


def test_le_processus_a_part_dit_pourquoi_il_refuse():
    with pytest.raises(LectureImpossible, match="iCalendar"):
        expanser(b"<html>", fuseau="Europe/Paris", maintenant=DEBUT, horizon=FIN - DEBUT)
