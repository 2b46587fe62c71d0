from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from agenda.domaine.recurrence import developper
from agenda.enums import Portee
from agenda.models import CarteLieu, Disponibilite, GesteAgenda, Reservation
from agenda.saisie.actions import (
    DisponibiliteChangee,
    OccurrenceTenue,
    SaisieRefusee,
    modifier,
    ouvrir,
    retirer,
)
from agenda.saisie.journal import RetourImpossible, annuler
from annuaire.models import LieuExercice
from comptes.models import Trace
from tests.agenda.saisie.conftest import FENETRE, LUNDI, MAINTENANT, MARDI, MATIN, PARIS, prendre
from tests.annuaire.factories import LieuExerciceFactory

pytestmark = pytest.mark.django_db


def debuts(lieu) -> list[str]:
    lues = Disponibilite.objects.filter(lieu=lieu)
    toutes = [o.debut for d in lues for o in developper(d.regle(lieu.fuseau), FENETRE)]
    return [f"{d.astimezone(PARIS):%d/%m %H:%M}" for d in sorted(toutes)]


def test_ouvrir_se_voit_aussitot_dans_la_recherche_et_se_trace(lieu, auteur):
    bilan = ouvrir(lieu=lieu, saisie=MATIN, auteur=auteur, maintenant=MAINTENANT)

    assert len(bilan.lignes) == 1
    assert len(CarteLieu.objects.get(lieu=lieu).debuts) == 2
    assert Trace.objects.get(objet=f"lieu:{lieu.pk}").verbe == "agenda.change"


def test_une_saisie_refusee_n_ecrit_rien(lieu, auteur):
    with pytest.raises(SaisieRefusee):
        ouvrir(lieu=lieu, saisie=replace(MATIN, capacite=0), auteur=auteur, maintenant=MAINTENANT)

    assert not Disponibilite.objects.exists()
    assert not GesteAgenda.objects.exists()


@pytest.mark.parametrize(
    ("portee", "attendus"),
    [
        pytest.param(
            Portee.CETTE, ["23/11 09:00", "24/11 14:00", "30/11 09:00", "01/12 09:00"], id="cette occurrence"
        ),
        pytest.param(
            Portee.SUIVANTES, ["23/11 09:00", "24/11 14:00", "30/11 14:00", "01/12 14:00"], id="les suivantes"
        ),
        pytest.param(
            Portee.TOUTES, ["23/11 14:00", "24/11 14:00", "30/11 14:00", "01/12 14:00"], id="toutes"
        ),
    ],
)
def test_modifier_s_arrete_ou_l_on_a_dit(lieu, auteur, portee, attendus):
    (ligne,) = ouvrir(lieu=lieu, saisie=MATIN, auteur=auteur, maintenant=MAINTENANT).lignes

    modifier(
        lieu=lieu,
        disponibilite_id=ligne.pk,
        jour=MARDI,
        portee=portee,
        saisie=replace(MATIN, premier_jour=MARDI, horaires=((time(14), time(16)),)),
        auteur=auteur,
        maintenant=MAINTENANT,
        vue_le=ligne.modifie_le,
    )

    assert debuts(lieu)[:4] == attendus


@pytest.mark.parametrize(
    ("portee", "attendus"),
    [
        pytest.param(Portee.CETTE, ["23/11 09:00", "30/11 09:00"], id="cette occurrence"),
        pytest.param(Portee.SUIVANTES, ["23/11 09:00"], id="les suivantes"),
        pytest.param(Portee.TOUTES, [], id="toutes"),
    ],
)
def test_retirer_s_arrete_ou_l_on_a_dit(lieu, auteur, portee, attendus):
    (ligne,) = ouvrir(lieu=lieu, saisie=MATIN, auteur=auteur, maintenant=MAINTENANT).lignes

    retirer(
        lieu=lieu, disponibilite_id=ligne.pk, jour=MARDI, portee=portee, auteur=auteur, maintenant=MAINTENANT
    )

    assert debuts(lieu)[:2] == attendus


def test_une_occurrence_passee_ne_se_change_plus(lieu, auteur):
    (ligne,) = ouvrir(lieu=lieu, saisie=MATIN, auteur=auteur, maintenant=MAINTENANT).lignes

    with pytest.raises(SaisieRefusee, match="ne se change plus"):
        retirer(
            lieu=lieu,
            disponibilite_id=ligne.pk,
            jour=LUNDI,
            portee=Portee.CETTE,
            auteur=auteur,
            maintenant=MAINTENANT + timedelta(hours=2),
        )


def test_le_passe_reste_quand_on_change_toute_la_serie(lieu, auteur):
    (ligne,) = ouvrir(lieu=lieu, saisie=MATIN, auteur=auteur, maintenant=MAINTENANT).lignes

    retirer(
        lieu=lieu,
        disponibilite_id=ligne.pk,
        jour=MARDI,
        portee=Portee.TOUTES,
        auteur=auteur,
        maintenant=MAINTENANT + timedelta(hours=2),
    )

    assert debuts(lieu) == ["23/11 09:00"]


def test_une_occurrence_tenue_est_verrouillee_puis_se_deplace_sciemment(lieu, auteur):
    (ligne,) = ouvrir(lieu=lieu, saisie=MATIN, auteur=auteur, maintenant=MAINTENANT).lignes
    reservation = prendre(lieu, datetime(2026, 11, 24, 8, tzinfo=UTC))
    demande = {
        "lieu": lieu,
        "disponibilite_id": ligne.pk,
        "jour": MARDI,
        "portee": Portee.CETTE,
        "saisie": replace(MATIN, premier_jour=MARDI, horaires=((time(14), time(16)),)),
        "auteur": auteur,
        "maintenant": MAINTENANT,
    }

    with pytest.raises(OccurrenceTenue, match="1 patient"):
        modifier(**demande)
    modifier(**demande, deplacer=True)

    reservation.refresh_from_db()
    assert f"{reservation.debut.astimezone(PARIS):%H:%M}" == "14:00"
    assert debuts(lieu)[:2] == ["23/11 09:00", "24/11 14:00"]


def test_une_occurrence_tenue_ne_se_reduit_pas_sous_ses_patients(lieu, auteur):
    (ligne,) = ouvrir(lieu=lieu, saisie=MATIN, auteur=auteur, maintenant=MAINTENANT).lignes
    prendre(lieu, datetime(2026, 11, 24, 8, tzinfo=UTC))
    prendre(lieu, datetime(2026, 11, 24, 8, tzinfo=UTC))

    with pytest.raises(SaisieRefusee, match="chaque patient"):
        modifier(
            lieu=lieu,
            disponibilite_id=ligne.pk,
            jour=MARDI,
            portee=Portee.CETTE,
            saisie=replace(MATIN, premier_jour=MARDI, capacite=1),
            auteur=auteur,
            maintenant=MAINTENANT,
            deplacer=True,
        )

    assert Reservation.objects.filter(disponibilite=ligne).count() == 2


def test_une_serie_changee_garde_telles_quelles_ses_occurrences_tenues(lieu, auteur):
    (ligne,) = ouvrir(lieu=lieu, saisie=MATIN, auteur=auteur, maintenant=MAINTENANT).lignes
    reservation = prendre(lieu, datetime(2026, 11, 24, 8, tzinfo=UTC))

    bilan = modifier(
        lieu=lieu,
        disponibilite_id=ligne.pk,
        jour=LUNDI,
        portee=Portee.TOUTES,
        saisie=replace(MATIN, horaires=((time(14), time(16)),)),
        auteur=auteur,
        maintenant=MAINTENANT,
    )

    reservation.refresh_from_db()
    assert bilan.conservees == [reservation.debut]
    assert debuts(lieu)[:4] == ["23/11 14:00", "24/11 09:00", "30/11 14:00", "01/12 14:00"]


def test_deux_fenetres_ne_s_ecrasent_pas(lieu, auteur):
    (ligne,) = ouvrir(lieu=lieu, saisie=MATIN, auteur=auteur, maintenant=MAINTENANT).lignes
    demande = {
        "lieu": lieu,
        "disponibilite_id": ligne.pk,
        "jour": MARDI,
        "portee": Portee.CETTE,
        "auteur": auteur,
        "maintenant": MAINTENANT,
        "vue_le": ligne.modifie_le,
    }
    retirer(**demande)

    with pytest.raises(DisponibiliteChangee) as refus:
        retirer(**demande)

    assert refus.value.actuelle.sauf == [MARDI]


def test_l_agenda_d_un_autre_lieu_est_hors_de_portee(lieu, auteur):
    (ligne,) = ouvrir(lieu=lieu, saisie=MATIN, auteur=auteur, maintenant=MAINTENANT).lignes

    with pytest.raises(DisponibiliteChangee):
        retirer(
            lieu=LieuExerciceFactory(),
            disponibilite_id=ligne.pk,
            jour=MARDI,
            portee=Portee.CETTE,
            auteur=auteur,
            maintenant=MAINTENANT,
        )


def test_un_geste_s_annule_meme_quand_il_a_deplace_des_patients(lieu, auteur):
    (ligne,) = ouvrir(lieu=lieu, saisie=MATIN, auteur=auteur, maintenant=MAINTENANT).lignes
    reservation = prendre(lieu, datetime(2026, 11, 24, 8, tzinfo=UTC))
    avant, carte = debuts(lieu), CarteLieu.objects.get(lieu=lieu).document
    retirer(
        lieu=lieu,
        disponibilite_id=ligne.pk,
        jour=LUNDI,
        portee=Portee.TOUTES,
        auteur=auteur,
        maintenant=MAINTENANT,
    )

    annuler(
        geste=GesteAgenda.objects.latest("pk"),
        tenus=LieuExercice.objects.all(),
        auteur=auteur,
        maintenant=MAINTENANT,
    )

    reservation.refresh_from_db()
    assert debuts(lieu) == avant
    assert reservation.disponibilite_id == ligne.pk
    assert CarteLieu.objects.get(lieu=lieu).document == carte


@pytest.mark.parametrize("cas", ["deux fois", "trop tard", "place prise", "changé depuis"])
def test_un_retour_devenu_impossible_se_dit_et_ne_change_rien(lieu, auteur, cas):
    (ligne,) = ouvrir(lieu=lieu, saisie=MATIN, auteur=auteur, maintenant=MAINTENANT).lignes
    geste, quand = GesteAgenda.objects.get(), MAINTENANT
    if cas == "deux fois":
        annuler(geste=geste, tenus=LieuExercice.objects.all(), auteur=auteur, maintenant=quand)
    elif cas == "trop tard":
        quand += timedelta(hours=2)
    elif cas == "place prise":
        prendre(lieu, datetime(2026, 11, 24, 8, tzinfo=UTC))
    else:
        retirer(
            lieu=lieu,
            disponibilite_id=ligne.pk,
            jour=MARDI,
            portee=Portee.CETTE,
            auteur=auteur,
            maintenant=quand,
        )
        geste = GesteAgenda.objects.latest("pk")
        Disponibilite.objects.filter(pk=ligne.pk).update(capacite=5)
    restent = debuts(lieu)

    with pytest.raises(RetourImpossible):
        annuler(geste=geste, tenus=LieuExercice.objects.all(), auteur=auteur, maintenant=quand)

    assert debuts(lieu) == restent
