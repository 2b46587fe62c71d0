from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from agenda.models import CarteLieu, Disponibilite, GesteAgenda, Indisponibilite
from agenda.saisie.actions import SaisieRefusee
from agenda.saisie.fermetures import fermer, fermer_aujourd_hui, rouvrir
from agenda.saisie.journal import annuler
from agenda.saisie.semaines import (
    ajouter_une_place_ce_soir,
    copier_semaine,
    garder_semaine,
    horaires_de_la_semaine,
    rejouer_semaine,
)
from annuaire.models import LieuExercice
from tests.agenda.factories import DisponibiliteFactory, ReservationFactory
from tests.annuaire.factories import LieuExerciceFactory

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
MAINTENANT = datetime(2026, 11, 23, 9, tzinfo=UTC)  # lundi, 10 h à Paris
LUNDI = date(2026, 11, 23)
JOUR = timedelta(days=1)


def plage(lieu, **champs):
    valeurs = {
        "lieu": lieu,
        "plage": True,
        "capacite": 3,
        "premier_jour": LUNDI,
        "jours": [1, 2],
        "heure_debut": time(14),
        "heure_fin": time(17),
    }
    return DisponibiliteFactory(**(valeurs | champs))


def test_fermer_cache_aussitot_et_dit_les_patients_attendus(lieu, auteur):
    ligne = plage(lieu)
    debut = datetime(2026, 11, 23, 13, tzinfo=UTC)
    tenue = ReservationFactory(disponibilite=ligne, debut=debut, fin=debut + timedelta(hours=3))

    (fermeture,) = fermer(
        lieux=[lieu], debut=MAINTENANT, fin=MAINTENANT + 5 * JOUR, auteur=auteur, maintenant=MAINTENANT
    )

    assert fermeture.tenues == (tenue,)
    assert CarteLieu.objects.get(lieu=lieu).debuts == []


def test_une_fermeture_avale_celles_qu_elle_recouvre_et_se_defait(lieu, auteur):
    fermer(
        lieux=[lieu], debut=MAINTENANT + JOUR, fin=MAINTENANT + 2 * JOUR, auteur=auteur, maintenant=MAINTENANT
    )
    fermer(lieux=[lieu], debut=MAINTENANT, fin=MAINTENANT + 3 * JOUR, auteur=auteur, maintenant=MAINTENANT)

    periode = Indisponibilite.objects.get().periode
    assert (periode.lower, periode.upper) == (MAINTENANT, MAINTENANT + 3 * JOUR)
    annuler(
        geste=GesteAgenda.objects.latest("pk"),
        tenus=LieuExercice.objects.all(),
        auteur=auteur,
        maintenant=MAINTENANT,
    )
    assert Indisponibilite.objects.get().periode.lower == MAINTENANT + JOUR


def test_sans_fin_l_emporte_et_rouvrir_y_met_fin(lieu, auteur):
    plage(lieu)
    fermer(lieux=[lieu], debut=MAINTENANT, fin=None, auteur=auteur, maintenant=MAINTENANT)
    fermer(
        lieux=[lieu], debut=MAINTENANT + JOUR, fin=MAINTENANT + 2 * JOUR, auteur=auteur, maintenant=MAINTENANT
    )
    posee = Indisponibilite.objects.get()
    assert posee.periode.upper is None

    rouvrir(indisponibilite=posee, auteur=auteur, maintenant=MAINTENANT + timedelta(minutes=5))

    posee.refresh_from_db()
    assert posee.periode.upper == MAINTENANT + timedelta(minutes=5)
    assert CarteLieu.objects.get(lieu=lieu).debuts


def test_une_periode_a_venir_disparait_et_une_finie_ne_se_rouvre_pas(lieu, auteur):
    fermer(
        lieux=[lieu], debut=MAINTENANT + JOUR, fin=MAINTENANT + 2 * JOUR, auteur=auteur, maintenant=MAINTENANT
    )
    posee = Indisponibilite.objects.get()

    rouvrir(indisponibilite=posee, auteur=auteur, maintenant=MAINTENANT)

    assert not Indisponibilite.objects.exists()
    with pytest.raises(SaisieRefusee, match="déjà finie"):
        rouvrir(indisponibilite=posee, auteur=auteur, maintenant=MAINTENANT)


def test_tous_les_lieux_se_ferment_d_un_geste_chacun_a_son_heure(auteur):
    paris, reunion = (LieuExerciceFactory(fuseau=f) for f in ("Europe/Paris", "Indian/Reunion"))

    fermer_aujourd_hui(lieux=[paris, reunion], auteur=auteur, maintenant=MAINTENANT)

    fins = {i.lieu_id: i.periode.upper for i in Indisponibilite.objects.all()}
    assert fins[paris.pk] == datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert fins[reunion.pk] == datetime(2026, 11, 23, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("debut", "fin", "champ"),
    [
        pytest.param(MAINTENANT, MAINTENANT, "fin", id="durée nulle"),
        pytest.param(MAINTENANT, MAINTENANT - JOUR, "fin", id="fin avant le début"),
        pytest.param(MAINTENANT - 3 * JOUR, MAINTENANT - JOUR, "fin", id="tout entière passée"),
        pytest.param(MAINTENANT, MAINTENANT + 900 * JOUR, "debut", id="trop longue"),
        pytest.param(MAINTENANT + 900 * JOUR, None, "debut", id="trop lointaine"),
    ],
)
def test_une_periode_absurde_est_refusee_sur_son_champ(lieu, auteur, debut, fin, champ):
    with pytest.raises(SaisieRefusee) as refusee:
        fermer(lieux=[lieu], debut=debut, fin=fin, auteur=auteur, maintenant=MAINTENANT)

    assert [r.champ for r in refusee.value.refus] == [champ]
    assert not Indisponibilite.objects.exists()


def test_une_semaine_se_recopie_sans_doubler_ce_qui_y_est(lieu, auteur):
    plage(lieu, jours=[], premier_jour=date(2026, 11, 24))
    plage(lieu, jours=[4])
    cible = date(2026, 11, 30)

    ajoutes = copier_semaine(
        lieu=lieu, source=LUNDI, cible=cible, nombre=2, auteur=auteur, maintenant=MAINTENANT
    )

    assert ajoutes == 2
    assert [h.jour for h in horaires_de_la_semaine(lieu, cible)] == [2, 4]
    with pytest.raises(SaisieRefusee, match="Rien à ajouter"):
        copier_semaine(lieu=lieu, source=LUNDI, cible=cible, nombre=2, auteur=auteur, maintenant=MAINTENANT)


def test_une_semaine_vide_ne_se_recopie_pas(lieu, auteur):
    with pytest.raises(SaisieRefusee, match="aucune disponibilité"):
        copier_semaine(lieu=lieu, source=LUNDI, cible=LUNDI, nombre=1, auteur=auteur, maintenant=MAINTENANT)


def test_une_semaine_type_se_garde_et_se_rejoue_dans_un_autre_lieu(lieu, auteur):
    plage(lieu)
    modele = garder_semaine(lieu=lieu, nom="Hiver", source=LUNDI, auteur=auteur)
    autre = LieuExerciceFactory(fuseau="Indian/Reunion")

    rejouer_semaine(
        modele=modele, lieu=autre, cible=date(2026, 12, 1), nombre=1, auteur=auteur, maintenant=MAINTENANT
    )

    assert horaires_de_la_semaine(autre, date(2026, 11, 30)) == horaires_de_la_semaine(lieu, LUNDI)


def test_une_place_ce_soir_agrandit_la_plage_du_soir_ce_jour_la_seulement(lieu, auteur):
    ligne = plage(lieu, heure_debut=time(18), heure_fin=time(21))
    debut = datetime(2026, 11, 23, 17, tzinfo=UTC)
    tenue = ReservationFactory(disponibilite=ligne, debut=debut, fin=debut + timedelta(hours=3))

    agrandie = ajouter_une_place_ce_soir(lieu=lieu, auteur=auteur, maintenant=MAINTENANT)

    tenue.refresh_from_db()
    ligne.refresh_from_db()
    assert (agrandie.capacite, agrandie.premier_jour, tenue.disponibilite) == (4, LUNDI, agrandie)
    assert (ligne.capacite, ligne.sauf) == (3, [LUNDI])


def test_une_place_ce_soir_ouvre_une_plage_s_il_n_y_en_a_pas(lieu, auteur):
    ouverte = ajouter_une_place_ce_soir(lieu=lieu, auteur=auteur, maintenant=MAINTENANT)
    encore = ajouter_une_place_ce_soir(lieu=lieu, auteur=auteur, maintenant=MAINTENANT)

    assert (ouverte.heure_debut, ouverte.heure_fin, encore.pk, encore.capacite) == (
        time(18),
        time(20),
        ouverte.pk,
        2,
    )


def test_trop_tard_pour_ce_soir_se_dit(lieu, auteur):
    with pytest.raises(SaisieRefusee, match="trop tard"):
        ajouter_une_place_ce_soir(lieu=lieu, auteur=auteur, maintenant=datetime(2026, 11, 23, 20, tzinfo=UTC))

    assert not Disponibilite.objects.exists()
