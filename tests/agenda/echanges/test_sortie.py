"""Ce qu’un logiciel de calendrier lit est ce que l’agenda déclare, fuseau par fuseau, occurrence par occurrence."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from agenda.domaine.recurrence import developper
from agenda.echanges.sortie import _disponible, calendrier
from agenda.models import Disponibilite, LienCalendrier
from annuaire.models import Delegation, LieuExercice
from comptes.enums import Role
from comptes.models import Trace
from sas_platform.socle.intervalles import Intervalle
from tests.agenda.echanges.conftest import MAINTENANT
from tests.agenda.factories import DisponibiliteFactory, IndisponibiliteFactory, ReservationFactory
from tests.annuaire.factories import LieuExerciceFactory
from tests.comptes.factories import CompteFactory

FUSEAUX = ["Europe/Paris", "Pacific/Tahiti", "Indian/Reunion", "America/Miquelon", "America/Cayenne"]
FENETRE = Intervalle(dt.datetime(2026, 2, 1, tzinfo=dt.UTC), dt.datetime(2027, 2, 1, tzinfo=dt.UTC))


def evenements(contenu: bytes) -> list[icalendar.Event]:
    return list(icalendar.Calendar.from_ical(contenu).walk("VEVENT"))


@settings(max_examples=40)
@given(
    premier=st.dates(dt.date(2026, 2, 1), dt.date(2026, 12, 1)),
    duree_jours=st.none() | st.integers(0, 300),
    jours=st.sets(st.integers(1, 7)),
    semaines=st.integers(1, 5),
    heure=st.integers(4, 22),
    sautes=st.sets(st.integers(0, 60), max_size=4),
    fuseau=st.sampled_from(FUSEAUX),
)
def test_un_logiciel_de_calendrier_en_tire_les_memes_occurrences(
    premier, duree_jours, jours, semaines, heure, sautes, fuseau
):
    """Le paquet recurring-ical-events fait l’oracle ; les heures sautées du printemps ont leur règle à elles."""
    disponibilite = Disponibilite(
        pk=1,
        genre="plage",
        capacite=2,
        modalites=["cabinet"],
        premier_jour=premier,
        dernier_jour=premier + dt.timedelta(days=duree_jours) if jours and duree_jours is not None else None,
        jours=sorted(jours),
        toutes_les_n_semaines=semaines if jours else 1,
        heure_debut=dt.time(heure),
        heure_fin=dt.time(heure, 45),
        sauf=sorted(premier + dt.timedelta(days=n) for n in sautes),
        modifie_le=MAINTENANT,
    )
    lieu = LieuExercice(adresse="1 rue", code_postal="59000", commune_id="59350", fuseau=fuseau)
    lieu._state.fields_cache["commune"] = type("Commune", (), {"nom": "Lille"})()
    evenement = _disponible(disponibilite, lieu)

    sortie = icalendar.Calendar()
    if evenement:
        sortie.add_component(evenement)
    sortie.add_missing_timezones()
    relu = icalendar.Calendar.from_ical(sortie.to_ical())
    trouvees = recurring_ical_events.of(relu).between(FENETRE.debut, FENETRE.fin)

    assert sorted((o.start.astimezone(dt.UTC), o.end.astimezone(dt.UTC)) for o in trouvees) == [
        (o.debut, o.fin) for o in developper(disponibilite.regle(fuseau), FENETRE)
    ]


@pytest.mark.django_db
def test_places_prises_et_fermetures_y_sont_sans_rien_du_patient(lieu):
    plage = DisponibiliteFactory(lieu=lieu, plage=True)
    ReservationFactory(disponibilite=plage)
    ReservationFactory(disponibilite=plage, rang=2, annulee=True)
    IndisponibiliteFactory(lieu=lieu, sans_fin=True)

    lus = evenements(calendrier([lieu], maintenant=MAINTENANT))

    assert {str(e["SUMMARY"]) for e in lus} == {
        "Plage SAS, 4 patients",
        "Patient orienté par le SAS",
        "Indisponible pour le SAS",
    }
    (place,) = [e for e in lus if "Patient" in str(e["SUMMARY"]) and "orienté" in str(e["SUMMARY"])]
    assert set(place) == {"UID", "DTSTAMP", "LOCATION", "SUMMARY", "DTSTART", "DTEND"}
    assert place.start == dt.datetime(2026, 11, 2, 9, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.mark.django_db
def test_le_passe_lointain_n_y_est_plus_et_la_lecture_coute_toujours_autant(lieux, compter_requetes):
    ReservationFactory(disponibilite=DisponibiliteFactory(lieu=lieux[0]))
    loin = MAINTENANT + dt.timedelta(days=90)

    assert evenements(calendrier(lieux, maintenant=loin)) == []
    peu = compter_requetes(lambda: calendrier(lieux, maintenant=MAINTENANT))
    for n in range(20):
        DisponibiliteFactory(lieu=lieux[n % 2], heure_debut=dt.time(9, n))
    assert compter_requetes(lambda: calendrier(lieux, maintenant=MAINTENANT)) == peu


# --- L’adresse secrète ------------------------------------------------------------


@pytest.fixture
def connecte(client, medecin, heure_fixe) -> Client:
    client.force_login(medecin)
    return client


def creer(client: Client, lieu: LieuExercice | None = None) -> str:
    reponse = client.post(reverse("echanges:liens"), {"lieu": lieu.pk if lieu else ""})
    trouve = re.search(r"/echanges/calendrier/[\w-]+/agenda\.ics", reponse.content.decode())
    assert trouve, reponse.content.decode()
    return trouve[0]


def test_le_lien_se_lit_sans_session_et_ne_se_garde_nulle_part(connecte, lieu, caplog):
    DisponibiliteFactory(lieu=lieu)
    adresse = creer(connecte)
    secret = adresse.split("/")[3]
    caplog.clear()

    reponse = Client().get(adresse)

    assert [str(e["SUMMARY"]) for e in evenements(reponse.content)] == ["Créneau SAS"]
    assert reponse["Content-Type"].startswith("text/calendar")
    assert reponse["Cache-Control"] == "private, max-age=300"
    assert "noindex" in reponse["X-Robots-Tag"]
    lien = LienCalendrier.objects.get()
    assert lien.lu_le == MAINTENANT
    assert secret not in str(LienCalendrier.objects.values())
    assert secret not in str(Trace.objects.values())
    journal = caplog.text
    assert "echanges:calendrier" in journal
    assert secret not in journal
    assert secret not in connecte.get(reverse("echanges:liens")).content.decode()


def test_un_lien_revoque_renouvele_ou_invente_n_ouvre_rien(connecte):
    premier = creer(connecte)
    second = creer(connecte)
    assert Client().get(premier).status_code == 404
    assert Client().get(second).status_code == 200

    lien = LienCalendrier.objects.get(revoque_le=None)
    connecte.post(reverse("echanges:lien_revoquer", kwargs={"lien_id": lien.pk}))

    assert Client().get(second).status_code == 404
    for secret in ("essai", "x" * 5000, "é"):
        assert Client().get(f"/echanges/calendrier/{secret}/agenda.ics").status_code == 404
    assert list(Trace.objects.filter(verbe__startswith="calendrier").values_list("verbe", flat=True)) == [
        "calendrier.lien_cree",
        "calendrier.lien_cree",
        "calendrier.lien_revoque",
    ]


def test_le_lien_suit_les_droits_du_compte(client, lieu, medecin, heure_fixe):
    secretaire = CompteFactory(role=Role.DELEGATAIRE)
    delegation = Delegation.objects.create(
        delegataire=secretaire,
        effecteur=lieu.effecteur,
        debut_le=MAINTENANT - dt.timedelta(days=1),
        consentie_le=MAINTENANT - dt.timedelta(days=1),
        consentie_par=medecin,
    )
    client.force_login(secretaire)
    de_tous, d_un = creer(client), creer(client, lieu)
    DisponibiliteFactory(lieu=lieu)
    assert len(evenements(Client().get(d_un).content)) == 1

    delegation.revoquee_le = MAINTENANT
    delegation.save()

    assert evenements(Client().get(de_tous).content) == []
    assert Client().get(d_un).status_code == 404


def test_un_compte_desactive_ne_publie_plus(connecte, medecin):
    adresse = creer(connecte)
    medecin.is_active = False
    medecin.save()

    assert Client().get(adresse).status_code == 404


def test_on_ne_publie_ni_ne_revoque_l_agenda_d_un_autre(connecte, lieu):
    ailleurs = LieuExerciceFactory()
    reponse = connecte.post(reverse("echanges:liens"), {"lieu": ailleurs.pk})
    assert "Choisissez l’un de vos lieux" in reponse.content.decode()

    creer(connecte, lieu)
    lien = LienCalendrier.objects.get()
    autre = Client()
    autre.force_login(CompteFactory(effecteur=True))
    assert autre.post(reverse("echanges:lien_revoquer", kwargs={"lien_id": lien.pk})).status_code == 404
    assert LienCalendrier.objects.filter(revoque_le=None).exists()


def test_chaque_lieu_a_son_fuseau_dans_le_fichier(lieux):
    lieux[1].fuseau = "Pacific/Tahiti"
    for lieu in lieux:
        DisponibiliteFactory(lieu=lieu, hebdomadaire=True)

    lu = icalendar.Calendar.from_ical(calendrier(lieux, maintenant=MAINTENANT))

    assert {str(z["TZID"]) for z in lu.walk("VTIMEZONE")} == {"Europe/Paris", "Pacific/Tahiti"}
